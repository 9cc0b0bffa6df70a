// What lseek(2) goes by (linux/fs.h).

export const SEEK = { END: 2, DATA: 3, HOLE: 4 } as const;
