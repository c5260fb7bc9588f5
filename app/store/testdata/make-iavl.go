// Makes iavl.json with the original: per version the sorted changes, the root hash and ICS-23 proofs of cosmos/iavl.
// In an empty folder: go mod init golden, go get github.com/cosmos/iavl@v1.2.2, go run make-iavl.go (writes golden.json).
package main
import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"sort"

	"cosmossdk.io/log"
	"github.com/cosmos/iavl"
	dbm "github.com/cosmos/iavl/db"
)

type change struct {
	Key   string  `json:"key"`
	Value *string `json:"value"`
}
type proof struct {
	Key   string `json:"key"`
	Exist bool   `json:"exist"`
	Data  string `json:"data"`
}
type version struct {
	Version int64    `json:"version"`
	Changes []change `json:"changes"`
	Root    string   `json:"root"`
	Proofs  []proof  `json:"proofs"`
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	r := rand.New(rand.NewSource(20240607))
	var out []version
	tree := iavl.NewMutableTree(dbm.NewMemDB(), 10000, false, log.NewNopLogger())
	live := map[string]bool{}
	for v := int64(1); v <= 30; v++ {
		changes := map[string]*string{}
		n := r.Intn(25)
		if v == 1 {
			n = 40
		}
		if v == 7 {
			n = 0
		}
		for i := 0; i < n; i++ {
			k := make([]byte, 1+r.Intn(3))
			for j := range k {
				k[j] = byte(r.Intn(12) * 21)
			}
			if r.Intn(100) < 55 {
				b := make([]byte, 1+r.Intn(40))
				r.Read(b)
				s := string(b)
				changes[string(k)] = &s
			} else {
				changes[string(k)] = nil
			}
		}
		if v > 1 && v != 7 {
			// delete some live keys too
			var ks []string
			for k := range live {
				ks = append(ks, k)
			}
			sort.Strings(ks)
			for _, k := range ks {
				if r.Intn(100) < 15 || v == 20 {
					changes[k] = nil
				}
			}
		}
		var keys []string
		for k := range changes {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		ver := version{Version: v, Changes: []change{}, Proofs: []proof{}}
		for _, k := range keys {
			val := changes[k]
			if val == nil {
				_, _, err := tree.Remove([]byte(k))
				must(err)
				delete(live, k)
				ver.Changes = append(ver.Changes, change{Key: b64([]byte(k))})
			} else {
				_, err := tree.Set([]byte(k), []byte(*val))
				must(err)
				live[k] = true
				s := b64([]byte(*val))
				ver.Changes = append(ver.Changes, change{Key: b64([]byte(k)), Value: &s})
			}
		}
		hash, got, err := tree.SaveVersion()
		must(err)
		if got != v {
			panic("version")
		}
		ver.Root = b64(hash)
		if len(live) > 0 && v%3 == 1 {
			imm, err := tree.GetImmutable(v)
			must(err)
			for i := 0; i < 6; i++ {
				k := make([]byte, 1+r.Intn(3))
				for j := range k {
					k[j] = byte(r.Intn(12) * 21)
				}
				if i == 0 {
					k = []byte{0}
				}
				if i == 1 {
					k = []byte{255, 255}
				}
				if i >= 4 {
					var ks []string
					for k := range live {
						ks = append(ks, k)
					}
					sort.Strings(ks)
					k = []byte(ks[r.Intn(len(ks))])
				}
				if live[string(k)] {
					p, err := imm.GetMembershipProof(k)
					must(err)
					d, err := p.Marshal()
					must(err)
					ver.Proofs = append(ver.Proofs, proof{b64(k), true, b64(d)})
				} else {
					p, err := imm.GetNonMembershipProof(k)
					must(err)
					d, err := p.Marshal()
					must(err)
					ver.Proofs = append(ver.Proofs, proof{b64(k), false, b64(d)})
				}
			}
		}
		out = append(out, ver)
	}
	j, err := json.Marshal(out)
	must(err)
	must(os.WriteFile("golden.json", j, 0o644))
	fmt.Println(len(j))
}
