"""What happens on a page between two looks: a script that watches every frame from the start."""

from typing import Any

from playwright.sync_api import Page

# `shifts`: layout shifts that no act of the person caused. `flashes`: frames in which a tile that had shown a picture
# shows none. `moves`: frames in which a tile stands elsewhere than when it was first seen. `sources`: what it showed.
SCRIPT = """
window.watched = { on: false, shifts: [], flashes: 0, moves: 0, frames: 0, sources: [] }
const seen = new Map()
new PerformanceObserver((list) => {
  for (const entry of list.getEntries())
    if (window.watched.on && !entry.hadRecentInput)
      window.watched.shifts.push({ value: entry.value, nodes: entry.sources.map((one) =>
        one.node ? (one.node.className?.baseVal ?? one.node.className ?? one.node.nodeName) : 'gone') })
}).observe({ type: 'layout-shift', buffered: false })
const look = () => {
  const watched = window.watched
  if (watched.on) {
    watched.frames += 1
    for (const tile of document.querySelectorAll('.imagier-tile')) {
      const box = tile.getBoundingClientRect()
      const place = [box.x, box.y + scrollTop(tile), box.width, box.height].map(Math.round).join(' ')
      const images = [...tile.querySelectorAll('img')].filter((image) => image.complete && image.naturalWidth)
      const known = seen.get(tile.dataset.picture)
      if (known && known.place !== place) watched.moves += 1
      if (known && known.shown && !images.length) watched.flashes += 1
      const source = images.length ? new URL(images[images.length - 1].currentSrc).pathname : null
      if (source && !watched.sources.includes(source)) watched.sources.push(source)
      const shown = (known?.shown ?? false) || images.length > 0
      seen.set(tile.dataset.picture, { place: known?.place ?? place, shown })
    }
  }
  requestAnimationFrame(look)
}
const scrollTop = (element) => {
  let sum = 0
  for (let parent = element.parentElement; parent; parent = parent.parentElement) sum += parent.scrollTop
  return sum
}
requestAnimationFrame(look)
"""


def watch(page: Page) -> None:
    """Begin to watch; the page needs SCRIPT as an init script."""
    page.evaluate("window.watched.on = true")


def watched(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate("window.watched.on = false, window.watched")
    return found
