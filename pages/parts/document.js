// What Streamlit does not let a page say or do. It writes <html lang="en"> and an English link to the content. It sends
// what was typed when the field is left: a tap leaves the field and follows a link in one instant, so that the field's
// value came last and undid the link; and a busy server that is sent both before it looks forgets the value, so a link
// waits until the server has what was described. An order that is sent while a picture to start from is still on its way
// would go, and be billed, without it; and the other half of a double click would go, and be billed, once more.

const LONGEST = 10_000 // milliseconds that a link waits; a server that is away must not keep everybody on the page
let before = "" // what stood in the field
let isTyped = false // there may be something else now that the server does not have
let waiting = null

const description = () => document.querySelector(".st-key-description textarea")
const generates = (event) => event.type === "click"
  ? event.target.closest(".st-key-generate")
  : event.key === "Enter" && (event.ctrlKey || event.metaKey)
document.addEventListener("pointerdown", (event) => {
  const field = document.activeElement
  const leaves = event.target.closest("a, button") && !field?.contains(event.target)
  if (leaves && field?.matches("input, textarea")) field.blur()
}, true)
for (const kind of ["click", "keydown"]) document.addEventListener(kind, (event) => {
  const isOnItsWay = document.querySelector("[data-testid=stFileChipIconSpinner]") !== null
  const isOnceMore = event.repeat || (kind === "click" && event.detail > 1)
  if (!generates(event) || !(isOnItsWay || isOnceMore)) return
  event.preventDefault()
  event.stopImmediatePropagation()
}, true)
// The shortcut does not reach the button from within a fold of the line of choices.
document.addEventListener("keydown", (event) => {
  const button = document.querySelector(".st-key-generate button")
  if (!generates(event) || event.repeat || !button || !event.target.closest("[data-testid=stPopoverBody]")) return
  event.preventDefault()
  event.stopImmediatePropagation()
  button.click()
}, true)
document.addEventListener("focusin", ({ target }) => {
  if (target === description() && !isTyped) before = target.value
})
document.addEventListener("input", ({ target }) => {
  if (target === description()) isTyped = target.value !== before
}, true)
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-testid=stTopNavLink], [data-testid=stSidebarNavLink]")
  if (!link || !isTyped || event.ctrlKey || event.metaKey || event.shiftKey) return
  event.preventDefault()
  event.stopImmediatePropagation()
  clearTimeout(waiting?.timer)
  waiting = { link, timer: setTimeout(follow, LONGEST) }
}, true)
function follow() {
  const link = waiting?.link
  clearTimeout(waiting?.timer)
  waiting = null
  isTyped = false
  if (link?.isConnected) link.click()
}
function name(place, words) {
  const found = document.querySelector(`[data-testid=${place}]`)
  ;(found?.matches("button") ? found : found?.querySelector("button"))?.setAttribute("aria-label", words)
}
export default function ({ data }) {
  document.documentElement.lang = data.language
  speak(data.words)
  for (const logo of document.querySelectorAll("[data-testid$=Logo]")) logo.alt = "Imagier"
  const skip = document.querySelector('a[href="#stMain"]')
  if (skip) skip.textContent = data.skip
  name("stExpandSidebarButton", data.menu)
  name("stSidebarCollapseButton", data.close)
  if (isTyped && description()?.value === data.description) follow()
}
