// Names that the framework gives in English to what only a screen reader tells, in the reader's words; and names of signs,
// which are told beside their words already.

const NAMES = ["aria-label", "title"]
let words = {}

function translate(element) {
  if (element.matches("img")) return // what people have written
  const name = element.getAttribute("aria-label")
  if (element.getAttribute("role") === "img" && name?.endsWith(" icon")) {
    if (!element.ariaHidden) element.ariaHidden = "true"
    return
  }
  for (const attribute of NAMES) {
    const before = element.getAttribute(attribute)
    const after = before && words[before.toLowerCase().replaceAll(' ', '_')]
    // What is written again although it is the same is seen again, without an end.
    if (after && after !== before) element.setAttribute(attribute, after)
  }
}
function translateAll(place) {
  if (place.nodeType !== Node.ELEMENT_NODE) return
  translate(place)
  for (const element of place.querySelectorAll("[aria-label], [title]")) translate(element)
}
new MutationObserver((changes) => {
  for (const { type, target, addedNodes } of changes) {
    if (type === "attributes") translate(target)
    else for (const node of addedNodes) translateAll(node)
  }
}).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: NAMES })
function speak(found) {
  words = found
  translateAll(document.body)
}
