// For processes that run one test file after the other: a tree reserves memory by how much the machine has, and a process that has reserved
// more than that, in trees that nobody has collected yet, cannot start a program.
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';

const GIBIBYTE = 2 ** 30;

os.totalmem = () => GIBIBYTE;
syncBuiltinESMExports();
