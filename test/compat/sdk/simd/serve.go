package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/cometbft/cometbft/abci/server"
	abci "github.com/cometbft/cometbft/abci/types"
	rpchttp "github.com/cometbft/cometbft/rpc/client/http"

	"github.com/cosmos/cosmos-sdk/client"
)

// serve answers CometBFT at an ABCI address until the process is asked to end; rpc is where that engine answers, for queries of
// transactions.
func serve(app *chain, address, rpc string) error {
	engine, err := rpchttp.New(rpc, "/websocket")
	if err != nil {
		return err
	}
	app.RegisterTxService(client.Context{}.WithCodec(app.codec).WithTxConfig(app.txConfig).WithInterfaceRegistry(app.types).WithClient(engine).WithChainID(chainID))
	s, err := server.NewServer(address, "socket", application{app})
	if err != nil {
		return err
	}
	if err := s.Start(); err != nil {
		return err
	}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGINT, syscall.SIGTERM)
	<-ended
	return s.Stop()
}

// application has the methods of ABCI in the form in which the engine's server calls them.
type application struct{ app *chain }

var _ abci.Application = application{}

func (a application) Info(_ context.Context, r *abci.RequestInfo) (*abci.ResponseInfo, error) {
	return a.app.Info(r)
}
func (a application) Query(ctx context.Context, r *abci.RequestQuery) (*abci.ResponseQuery, error) {
	return a.app.Query(ctx, r)
}
func (a application) CheckTx(_ context.Context, r *abci.RequestCheckTx) (*abci.ResponseCheckTx, error) {
	return a.app.CheckTx(r)
}
func (a application) InitChain(_ context.Context, r *abci.RequestInitChain) (*abci.ResponseInitChain, error) {
	return a.app.InitChain(r)
}
func (a application) PrepareProposal(_ context.Context, r *abci.RequestPrepareProposal) (*abci.ResponsePrepareProposal, error) {
	return a.app.PrepareProposal(r)
}
func (a application) ProcessProposal(_ context.Context, r *abci.RequestProcessProposal) (*abci.ResponseProcessProposal, error) {
	return a.app.ProcessProposal(r)
}
func (a application) FinalizeBlock(_ context.Context, r *abci.RequestFinalizeBlock) (*abci.ResponseFinalizeBlock, error) {
	return a.app.FinalizeBlock(r)
}
func (a application) ExtendVote(ctx context.Context, r *abci.RequestExtendVote) (*abci.ResponseExtendVote, error) {
	return a.app.ExtendVote(ctx, r)
}
func (a application) VerifyVoteExtension(_ context.Context, r *abci.RequestVerifyVoteExtension) (*abci.ResponseVerifyVoteExtension, error) {
	return a.app.VerifyVoteExtension(r)
}
func (a application) Commit(context.Context, *abci.RequestCommit) (*abci.ResponseCommit, error) {
	return a.app.Commit()
}
func (a application) ListSnapshots(_ context.Context, r *abci.RequestListSnapshots) (*abci.ResponseListSnapshots, error) {
	return a.app.ListSnapshots(r)
}
func (a application) OfferSnapshot(_ context.Context, r *abci.RequestOfferSnapshot) (*abci.ResponseOfferSnapshot, error) {
	return a.app.OfferSnapshot(r)
}
func (a application) LoadSnapshotChunk(_ context.Context, r *abci.RequestLoadSnapshotChunk) (*abci.ResponseLoadSnapshotChunk, error) {
	return a.app.LoadSnapshotChunk(r)
}
func (a application) ApplySnapshotChunk(_ context.Context, r *abci.RequestApplySnapshotChunk) (*abci.ResponseApplySnapshotChunk, error) {
	return a.app.ApplySnapshotChunk(r)
}
