// The framework sends what was typed when the field is left. What the page answers to every few letters goes earlier: how
// many descriptions there are and what they cost together, and whether a size of one's own fits.

const PAUSE = 500 // milliseconds after the last letter
let rest = null

const isSide = (field) => field.matches("input") && field.closest(".st-key-width, .st-key-height")
const isLines = (field) => field.matches("textarea") && (field.closest(".st-key-blanks") ||
  (field.closest(".st-key-description") && document.querySelector(".st-key-several input:checked")))
document.addEventListener("input", ({ target }) => {
  if (!isSide(target) && !isLines(target)) return
  clearTimeout(rest)
  rest = setTimeout(() => {
    if (document.activeElement !== target) return
    // As if a number had been confirmed, and as if the lines had been left for an instant.
    if (isSide(target)) target.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }))
    else target.dispatchEvent(new FocusEvent("focusout", { bubbles: true }))
  }, PAUSE)
}, true)
