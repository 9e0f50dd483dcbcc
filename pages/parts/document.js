// What Streamlit does not let a page say or do. It writes <html lang="en"> and an English link to the content. It sends
// what was typed when the field is left: a tap leaves the field and follows a link in one instant, so that the field's
// value came last and undid the link. An order that is sent while a picture to start from is still on its way would go,
// and be billed, without it; and the other half of a double click would go, and be billed, once more.

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
export default function ({ data }) {
  document.documentElement.lang = data.language
  const skip = document.querySelector('a[href="#stMain"]')
  if (skip) skip.textContent = data.skip
}
