import type { Attachment } from 'svelte/attachments';
import type { Sees } from '../../state/sees.svelte';

/**
 * Points at a frame while the pointer or the focus is on the element, and no longer than the element is there: what is
 * taken away under a pointer is never left.
 */
export function pointing(sees: Sees, frame: () => number | null): Attachment<HTMLElement> {
  return (element) => {
    const enter = () => sees.point(element, frame());
    const leave = () => sees.leave(element);
    element.addEventListener('pointerenter', enter);
    element.addEventListener('pointerleave', leave);
    element.addEventListener('focus', enter);
    element.addEventListener('blur', leave);
    // The element may come to show another frame while the pointer rests on it.
    $effect(() => sees.follow(element, frame()));
    return () => {
      element.removeEventListener('pointerenter', enter);
      element.removeEventListener('pointerleave', leave);
      element.removeEventListener('focus', enter);
      element.removeEventListener('blur', leave);
      leave();
    };
  };
}
