// A fold of the framework's is drawn at the end of the document, and the keyboard does not follow it there: whoever opens one
// by a key is taken into it, to what is chosen, and from its end back to its button.

const FOLD = "[data-testid=stPopoverBody]"
const CAN_HAVE_FOCUS = "a[href], button:enabled, input:enabled, textarea:enabled, select:enabled, [tabindex='0']"
const FRAMES = 90 // that a fold may take to be drawn
let opener = null

// Of the options of one choice the keyboard stops at one.
function stops(fold) {
  const all = [...fold.querySelectorAll(CAN_HAVE_FOCUS)].filter((it) => it.getClientRects().length && it.type !== "file")
  const group = (it) => it.type === "radio" && it.closest("[role=radiogroup]")
  return all.filter((it) => {
    if (!group(it)) return it.tabIndex >= 0
    const options = [...group(it).querySelectorAll("input")]
    return it === (options.find((one) => one.checked) ?? options[0])
  })
}
document.addEventListener("keydown", ({ key, target }) => {
  const button = (key === "Enter" || key === " ") && target.closest("[data-testid=stPopoverButton]")
  if (!button || button.getAttribute("aria-expanded") === "true") return
  opener = button
  const enter = (frames) => {
    const fold = document.querySelector(FOLD)
    const first = fold && stops(fold)[0]
    if (first && document.activeElement === button) first.focus()
    if (frames && (!fold || document.activeElement === button)) requestAnimationFrame(() => enter(frames - 1))
  }
  requestAnimationFrame(() => enter(FRAMES))
}, true)
document.addEventListener("keydown", (event) => {
  const fold = event.key === "Tab" && event.target.closest(FOLD)
  if (!fold || !opener?.isConnected) return
  const all = stops(fold)
  const isGroup = (it) => it === event.target || it.closest("[role=radiogroup]")?.contains(event.target)
  if (!isGroup(event.shiftKey ? all[0] : all[all.length - 1])) return
  event.preventDefault()
  opener.click()
  opener.focus()
}, true)
