// By which rules a stack is read: what the kernel's own mount options for it would be.
import type { LayerStack } from '../store/layer-stack.ts';
import type { MergeOptions } from './merge.ts';

/** With `userxattr` the kernel follows neither redirects nor metacopy, but into data-only layers (fs/overlayfs/params.c). */
export function mergeOptions(stack: LayerStack): MergeOptions {
  const isUser = stack.dialect === 'user';
  return {
    redirect: isUser ? 'nofollow' : (stack.redirect ?? 'follow'),
    metacopy: !isUser && stack.metacopy === true,
    dataOnlyLayers: stack.dataLayers.length > 0,
  };
}
