// Before anything is painted: the theme that somebody chose.
try {
  const theme = localStorage.getItem('theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // Denied: the theme of the system.
}
