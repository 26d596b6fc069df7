/* Runs before anything is painted, also in old browsers: the theme, and whether this browser will do. */
(function () {
  var root = document.documentElement;
  try {
    var theme = window.localStorage.getItem("smartrec.theme");
    if (theme === "light" || theme === "dark") root.setAttribute("data-theme", theme);
  } catch (error) {
    // Without a memory the system's theme is used.
  }

  function show(id) {
    root.setAttribute("data-unfit", "");
    document.addEventListener("DOMContentLoaded", function () {
      document.getElementById("main").hidden = true;
      document.getElementById(id).hidden = false;
    });
    if (document.readyState !== "loading") {
      document.getElementById("main").hidden = true;
      document.getElementById(id).hidden = false;
    }
  }

  var fit =
    "noModule" in document.createElement("script") &&
    "createImageBitmap" in window &&
    "WebSocket" in window &&
    "ResizeObserver" in window &&
    "HTMLDialogElement" in window &&
    "BigInt64Array" in window &&
    window.CSS && CSS.supports("container-type: size");
  if (!fit) show("unfit");
  window.addEventListener("error", function (event) {
    var script = event.target && event.target.tagName === "SCRIPT";
    var begun = root.hasAttribute("data-begun");
    if (script || !begun) show("broken");
  }, true);
})();
