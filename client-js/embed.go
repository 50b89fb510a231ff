// Package clientjs has the built client and the page in it, so that the binary needs nothing beside it. go:embed cannot reach
// upward: hence a Go file here.
package clientjs

import "embed"

// Dist is what `npm run build` makes.
//
//go:embed all:dist
var Dist embed.FS
