// simd is a Cosmos SDK v0.53 chain in memory that is driven line by line: each line of standard input is a request in JSON, each
// line of standard output its answer. Requests are those of ABCI, as base64 of their protobuf encodings, so that a test gives
// the very same bytes to this chain and to another one and compares what both answer. `simd serve ABCI RPC` is a node's application
// instead, for an engine at those addresses.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"

	abci "github.com/cometbft/cometbft/abci/types"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
)

type request struct {
	Method string `json:"method"`
	Data   []byte `json:"data"`
}

type answer struct {
	Data  []byte `json:"data,omitempty"`
	Error string `json:"error,omitempty"`
}

func main() {
	app, err := newApp()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if len(os.Args) == 4 && os.Args[1] == "serve" {
		if err := serve(app, os.Args[2], os.Args[3]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := json.NewEncoder(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		var r request
		var a answer
		if err := json.Unmarshal(line, &r); err != nil {
			a.Error = err.Error()
		} else if a.Data, err = handle(app, r); err != nil {
			a.Error = err.Error()
		}
		if err := out.Encode(a); err != nil {
			return
		}
	}
}

type message interface {
	Marshal() ([]byte, error)
	Unmarshal([]byte) error
}

// handle answers one request. What panics is an answer too: a test shall see it and not an end of the file.
func handle(app *chain, r request) (data []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	switch r.Method {
	case "InitChain":
		return call(r.Data, &abci.RequestInitChain{}, app.InitChain)
	case "FinalizeBlock":
		// A block is decided and committed in one step: nothing is asked between.
		return call(r.Data, &abci.RequestFinalizeBlock{}, func(q *abci.RequestFinalizeBlock) (*abci.ResponseFinalizeBlock, error) {
			done, err := app.FinalizeBlock(q)
			if err == nil {
				_, err = app.Commit()
			}
			return done, err
		})
	case "CheckTx":
		return call(r.Data, &abci.RequestCheckTx{}, app.CheckTx)
	case "Query":
		return call(r.Data, &abci.RequestQuery{}, func(q *abci.RequestQuery) (*abci.ResponseQuery, error) {
			return app.Query(context.Background(), q)
		})
	case "Export":
		return export(app)
	default:
		return nil, fmt.Errorf("there is no method %q", r.Method)
	}
}

func call[Q, A message](data []byte, q Q, f func(Q) (A, error)) ([]byte, error) {
	if err := q.Unmarshal(data); err != nil {
		return nil, err
	}
	a, err := f(q)
	if err != nil {
		return nil, err
	}
	return a.Marshal()
}

func export(app *chain) ([]byte, error) {
	ctx := app.NewContextLegacy(true, cmtproto.Header{ChainID: chainID, Height: app.LastBlockHeight()})
	state, err := app.ModuleManager.ExportGenesis(ctx, app.codec)
	if err != nil {
		return nil, err
	}
	return json.Marshal(state)
}
