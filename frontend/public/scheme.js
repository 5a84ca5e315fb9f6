// The scheme that was chosen at an earlier visit; Mantine keeps it under this name and takes over once it runs.
try {
  var chosen = localStorage.getItem("mantine-color-scheme-value");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.mantineColorScheme = chosen;
} catch (_) {
  // Storage is forbidden in some private modes: the system's scheme it is.
}
