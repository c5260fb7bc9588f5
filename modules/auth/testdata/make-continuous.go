// Makes continuous.json with the Cosmos SDK's own decimals: amount, start, end, time, and what has come free of the amount.
// In an empty folder: go mod init golden, go get cosmossdk.io/math@v1.5.3, go run make-continuous.go > continuous.txt
package main

import (
	"cosmossdk.io/math"
	"fmt"
	"math/big"
	"math/rand"
)

func main() {
	r := rand.New(rand.NewSource(7))
	for i := 0; i < 400; i++ {
		bits := uint(1 + r.Intn(180))
		amt := new(big.Int).Rand(r, new(big.Int).Lsh(big.NewInt(1), bits))
		start := r.Int63n(4_000_000_000)
		length := 1 + r.Int63n([]int64{3, 10, 1000, 100_000_000, 4_000_000_000}[r.Intn(5)])
		x := r.Int63n(length + 1)
		s := math.LegacyNewDec(x).Quo(math.LegacyNewDec(length))
		v := math.LegacyNewDecFromInt(math.NewIntFromBigInt(amt)).Mul(s).RoundInt()
		fmt.Printf("%s %d %d %d %s\n", amt, start, start+length, start+x, v)
	}
}
