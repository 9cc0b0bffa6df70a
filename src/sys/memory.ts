// Where memory lies, for system calls: addresses of views, and memory that stays where it is.
import koffi from 'koffi';

/**
 * Where a piece of memory begins. A number where one `Pointer` would do: koffi takes it in half the time, and a part of a
 * view has one without a view of its own. Exact, as a process is given no address above 2^47 that it does not ask for.
 */
export type Address = number;

/** Memory that never moves, with its address. Small views of V8's own can move. */
export function pinned(bytes: number): { readonly buffer: Buffer; readonly address: Address } {
  const buffer = Buffer.from(new ArrayBuffer(bytes));
  return { buffer, address: addressOf(buffer) };
}

/** Address of a view's first byte. The view must be kept for as long as the address is used. */
export function addressOf(view: Uint8Array | Uint32Array): Address {
  return Number(koffi.address(view));
}

/** Address of a view's first byte, as 8 little-endian bytes written at `offset` of `out`, for structs that hold pointers. */
export function writeAddress(view: Uint8Array, out: Buffer, offset: number): void {
  out.writeBigUInt64LE(BigInt(koffi.address(view)), offset);
}
