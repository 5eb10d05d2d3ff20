/**
 * Follows a pressed pointer until it is let go. Less than `threshold_px` to a side is no move; `end` is told whether
 * there was one.
 */
export function followPointer(
  press: PointerEvent,
  move: (event: PointerEvent) => void,
  end: (has_moved: boolean) => void,
  threshold_px = 0,
): void {
  const target = press.currentTarget as HTMLElement;
  target.setPointerCapture(press.pointerId);
  let has_moved = false;
  const onmove = (event: PointerEvent) => {
    if (!has_moved && Math.abs(event.clientX - press.clientX) < threshold_px) return;
    has_moved = true;
    move(event);
  };
  const stop = () => {
    target.removeEventListener('pointermove', onmove);
    target.removeEventListener('pointerup', stop);
    target.removeEventListener('pointercancel', stop);
    target.removeEventListener('lostpointercapture', stop);
    end(has_moved);
  };
  target.addEventListener('pointermove', onmove);
  target.addEventListener('pointerup', stop);
  target.addEventListener('pointercancel', stop);
  target.addEventListener('lostpointercapture', stop);
}
