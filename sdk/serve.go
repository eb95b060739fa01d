package sdk

import (
	"context"
	"fmt"
	"os"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/rs/zerolog"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

const (
	// ProtocolVersion is the version of the contract that this package speaks.
	ProtocolVersion = 1

	// MaxState is the size of the largest fitted state, in bytes.
	MaxState = 64 << 20

	// MaxMessage is the size of the largest message, in bytes: a fitted state and what
	// goes with it. gRPC's own limit of 4 MiB is too small for a few images; without any
	// limit a mistake would end at the out-of-memory killer instead of in an error.
	MaxMessage = MaxState + 1<<20

	// Window is how many bytes of a stream may be on their way before the reader has asked
	// for more: the two batches of about 1 MiB that a host keeps in flight, and as much
	// again. gRPC begins with 64 KiB and guesses.
	Window = 4 << 20

	// pieces is how much is written to and read from a socket at once, against gRPC's 32 KiB.
	pieces = 256 << 10
)

// Handshake is how host and plugin recognise each other. It never changes; versions
// are negotiated apart from it.
func Handshake() plugin.HandshakeConfig {
	return plugin.HandshakeConfig{MagicCookieKey: "FUSEMOE_PLUGIN", MagicCookieValue: "modality"}
}

// Serve runs a plugin's process: it answers the host until the host is done or gone.
// It is all that main does, and never returns.
//
// With the argument -describe it prints what the modality is, as JSON. With -debug it
// waits for a fusemoe run to attach to it, and prints how: so a debugger can start it.
func Serve(m Modality) {
	if len(os.Args) == 2 && os.Args[1] == "-debug" {
		if err := serveDebug(m); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if len(os.Args) == 2 && os.Args[1] == "-describe" {
		fmt.Println(protojson.Format(describe(m)))
		os.Exit(0)
	}
	hs := Handshake()
	if os.Getenv(hs.MagicCookieKey) != hs.MagicCookieValue {
		info := m.Info()
		fmt.Fprintf(os.Stderr, "This is %s %s, a modality plugin of fusemoe; fusemoe starts it.\n"+
			"To check it, run: fusemoe plugin check %[3]s\n"+
			"To see what it is, run it with -describe; to debug it, with -debug. To use it, name it\n"+
			"under modalities in a config of fusemoe run.\n", info.Name, info.Version, os.Args[0])
		os.Exit(1)
	}

	go exitWithHost(os.Stdin)
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig:  hs,
		VersionedPlugins: map[int]plugin.PluginSet{ProtocolVersion: {"modality": grpcPlugin{modality: m}}},
		GRPCServer: func(opts []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(opts, serverOptions()...)...)
		},
		Logger: hclog.New(&hclog.LoggerOptions{Level: hclog.Warn, Output: stderr, JSONFormat: true}),
	})
	os.Exit(0)
}

// NewServer returns a gRPC server of the modality for tests, and for hosts that run it in
// their own process. What the modality logs goes to log.
func NewServer(m Modality, log zerolog.Logger) *grpc.Server {
	s := grpc.NewServer(serverOptions()...)
	modalitypb.RegisterModalityServer(s, &server{modality: m, log: log})
	return s
}

func serverOptions() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.MaxRecvMsgSize(MaxMessage), grpc.MaxSendMsgSize(MaxMessage),
		grpc.InitialWindowSize(Window), grpc.InitialConnWindowSize(Window),
		grpc.ReadBufferSize(pieces), grpc.WriteBufferSize(pieces),
	}
}

// grpcPlugin is the modality as go-plugin wants to have it.
type grpcPlugin struct {
	plugin.NetRPCUnsupportedPlugin
	modality Modality
}

func (p grpcPlugin) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	modalitypb.RegisterModalityServer(s, &server{modality: p.modality, log: processLogger()})
	return nil
}

func (grpcPlugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return modalitypb.NewModalityClient(conn), nil
}
