// Runs before anything is painted, so that no other theme flashes first: the one that was last in use, or the system's.
(() => {
  let kept = null;
  try {
    kept = localStorage.getItem('theme');
  } catch {
    // Without storage it is the system's.
  }
  const is_light =
    kept === 'light' || (kept !== 'dark' && matchMedia('(prefers-color-scheme: light)').matches);
  document.documentElement.dataset.theme = is_light ? 'light' : 'dark';
})();
