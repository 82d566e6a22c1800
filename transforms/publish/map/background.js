// The map under the buildings. The tile in the middle is asked first: without internet, or behind a wall, there is that
// one failure and a plain ground, not a failure for every tile of every move.

function addBackground(map) {
  const control = document.getElementById("background");
  const { background } = facts;
  if (!background) {
    control.closest("label").remove();
    return;
  }
  const layer = L.tileLayer(background.url, {
    attribution: background.attribution, maxNativeZoom: background.max_zoom, maxZoom: map.getMaxZoom(),
  });
  let isReached = false;
  // The library asks for no tile outside the bounds of a layer.
  const askOne = () => { layer.options.bounds = L.latLngBounds(map.getCenter(), map.getCenter()); };
  layer.on("tileload", () => {
    if (isReached) return;
    isReached = true;
    delete layer.options.bounds;
    layer.redraw();
  });
  layer.on("tileerror", () => { if (!isReached) layer.remove(); });
  map.on("move", () => { if (!isReached) askOne(); });
  const update = () => {
    if (!isReached) askOne();
    if (!control.checked) layer.remove();
    else if (isReached || navigator.onLine) layer.addTo(map);
  };
  control.addEventListener("change", update);
  window.addEventListener("online", update);
  update();
}
