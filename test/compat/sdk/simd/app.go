package main

import (
	"fmt"
	"os"

	runtimev1alpha1 "cosmossdk.io/api/cosmos/app/runtime/v1alpha1"
	appv1alpha1 "cosmossdk.io/api/cosmos/app/v1alpha1"
	authmodule "cosmossdk.io/api/cosmos/auth/module/v1"
	authzmodule "cosmossdk.io/api/cosmos/authz/module/v1"
	bankmodule "cosmossdk.io/api/cosmos/bank/module/v1"
	consensusmodule "cosmossdk.io/api/cosmos/consensus/module/v1"
	distributionmodule "cosmossdk.io/api/cosmos/distribution/module/v1"
	evidencemodule "cosmossdk.io/api/cosmos/evidence/module/v1"
	feegrantmodule "cosmossdk.io/api/cosmos/feegrant/module/v1"
	genutilmodule "cosmossdk.io/api/cosmos/genutil/module/v1"
	govmodule "cosmossdk.io/api/cosmos/gov/module/v1"
	mintmodule "cosmossdk.io/api/cosmos/mint/module/v1"
	slashingmodule "cosmossdk.io/api/cosmos/slashing/module/v1"
	stakingmodule "cosmossdk.io/api/cosmos/staking/module/v1"
	txconfig "cosmossdk.io/api/cosmos/tx/config/v1"
	upgrademodule "cosmossdk.io/api/cosmos/upgrade/module/v1"
	vestingmodule "cosmossdk.io/api/cosmos/vesting/module/v1"
	"cosmossdk.io/core/appconfig"
	"cosmossdk.io/depinject"
	"cosmossdk.io/log"
	_ "cosmossdk.io/x/evidence"
	_ "cosmossdk.io/x/feegrant/module"
	_ "cosmossdk.io/x/upgrade"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/gogoproto/proto"

	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/runtime"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	simtestutil "github.com/cosmos/cosmos-sdk/testutil/sims"
	sdk "github.com/cosmos/cosmos-sdk/types"
	_ "github.com/cosmos/cosmos-sdk/x/auth"
	_ "github.com/cosmos/cosmos-sdk/x/auth/tx/config"
	_ "github.com/cosmos/cosmos-sdk/x/auth/vesting"
	_ "github.com/cosmos/cosmos-sdk/x/authz/module"
	_ "github.com/cosmos/cosmos-sdk/x/bank"
	_ "github.com/cosmos/cosmos-sdk/x/consensus"
	_ "github.com/cosmos/cosmos-sdk/x/distribution"
	_ "github.com/cosmos/cosmos-sdk/x/genutil"
	_ "github.com/cosmos/cosmos-sdk/x/gov"
	_ "github.com/cosmos/cosmos-sdk/x/mint"
	_ "github.com/cosmos/cosmos-sdk/x/slashing"
	_ "github.com/cosmos/cosmos-sdk/x/staking"
)

// Settings of a chain, as its genesis has them too.
var (
	chainID   = setting("SIMD_CHAIN_ID", "simd-testing")
	prefix    = setting("SIMD_PREFIX", "cosmos")
	bondDenom = setting("SIMD_BOND_DENOM", "ustake")
)

func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

var genesisOrder = []string{
	"auth", "bank", "distribution", "staking", "slashing", "gov", "mint", "genutil", "evidence", "authz", "feegrant", "vesting", "upgrade", "consensus",
}

func module(name string, config proto.Message) *appv1alpha1.ModuleConfig {
	return &appv1alpha1.ModuleConfig{Name: name, Config: appconfig.WrapAny(config)}
}

// configuration has the modules and the orders of the SDK's own example chain, without those that the other chain does not have.
func configuration() depinject.Config {
	return appconfig.Compose(&appv1alpha1.Config{Modules: []*appv1alpha1.ModuleConfig{
		module("runtime", &runtimev1alpha1.Module{
			AppName:           "simd",
			PreBlockers:       []string{"upgrade", "auth"},
			BeginBlockers:     []string{"mint", "distribution", "slashing", "evidence", "staking", "authz"},
			EndBlockers:       []string{"gov", "staking", "feegrant"},
			InitGenesis:       genesisOrder,
			ExportGenesis:     genesisOrder,
			OverrideStoreKeys: []*runtimev1alpha1.StoreKeyConfig{{ModuleName: "auth", KvStoreKey: "acc"}},
		}),
		module("auth", &authmodule.Module{
			Bech32Prefix: prefix,
			ModuleAccountPermissions: []*authmodule.ModuleAccountPermission{
				{Account: "fee_collector"},
				{Account: "distribution"},
				{Account: "mint", Permissions: []string{"minter"}},
				{Account: "bonded_tokens_pool", Permissions: []string{"burner", "staking"}},
				{Account: "not_bonded_tokens_pool", Permissions: []string{"burner", "staking"}},
				{Account: "gov", Permissions: []string{"burner"}},
			},
			EnableUnorderedTransactions: true,
		}),
		module("bank", &bankmodule.Module{BlockedModuleAccountsOverride: []string{"fee_collector", "distribution", "mint", "bonded_tokens_pool", "not_bonded_tokens_pool"}}),
		module("staking", &stakingmodule.Module{}),
		module("slashing", &slashingmodule.Module{}),
		module("distribution", &distributionmodule.Module{}),
		module("mint", &mintmodule.Module{}),
		module("gov", &govmodule.Module{}),
		module("authz", &authzmodule.Module{}),
		module("feegrant", &feegrantmodule.Module{}),
		module("vesting", &vestingmodule.Module{}),
		module("evidence", &evidencemodule.Module{}),
		module("upgrade", &upgrademodule.Module{}),
		module("consensus", &consensusmodule.Module{}),
		module("genutil", &genutilmodule.Module{}),
		module("tx", &txconfig.Config{SkipAnteHandler: false}),
	}})
}

type chain struct {
	*runtime.App
	codec    codec.Codec
	txConfig client.TxConfig
	types    codectypes.InterfaceRegistry
}

func newApp() (*chain, error) {
	// As a chain does whose denomination is another than the SDK's: rewards of nothing are told in it.
	sdk.DefaultBondDenom = bondDenom
	// Where the SDK still asks its one configuration of all chains.
	bech32 := sdk.GetConfig()
	bech32.SetBech32PrefixForAccount(prefix, prefix+"pub")
	bech32.SetBech32PrefixForValidator(prefix+"valoper", prefix+"valoperpub")
	bech32.SetBech32PrefixForConsensusNode(prefix+"valcons", prefix+"valconspub")
	home, err := os.MkdirTemp("", "simd-")
	if err != nil {
		return nil, err
	}
	var (
		builder *runtime.AppBuilder
		codec   codec.Codec
		tx      client.TxConfig
		types   codectypes.InterfaceRegistry
	)
	options := simtestutil.AppOptionsMap{flags.FlagHome: home}
	config := depinject.Configs(configuration(), depinject.Supply(log.NewNopLogger(), servertypes.AppOptions(options)))
	if err := depinject.Inject(config, &builder, &codec, &tx, &types); err != nil {
		return nil, fmt.Errorf("the modules do not fit: %w", err)
	}
	app := builder.Build(dbm.NewMemDB(), nil, baseapp.SetChainID(chainID))
	if err := app.Load(true); err != nil {
		return nil, err
	}
	return &chain{app, codec, tx, types}, nil
}
