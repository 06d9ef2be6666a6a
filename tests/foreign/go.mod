module jeton.dev/foreign

go 1.25.0

require (
	github.com/transparency-dev/merkle v0.0.2
	golang.org/x/mod v0.40.0 // not below: TileHashReader of v0.38.0 takes a changed tile for a good one
)
