// A phone's keyboard lies over the page without making it smaller: the page is fitted to what is left to see.

export function keepAboveKeyboard(): void {
  const seen = window.visualViewport
  if (!seen) return
  const fit = (): void => {
    if (seen.scale > 1.01) return // zoomed in by hand
    document.documentElement.style.setProperty("--height", `${Math.round(seen.height)}px`)
    document.documentElement.style.setProperty("--top", `${Math.round(seen.offsetTop)}px`)
  }
  seen.addEventListener("resize", fit)
  seen.addEventListener("scroll", fit)
}
