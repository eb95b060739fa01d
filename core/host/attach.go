package host

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// debugTimeout is how long a person may look at a breakpoint: a day, which is to say that
// nobody is hurried.
const debugTimeout = 24 * time.Hour

var errNoDebugger = errors.New("nobody answers at the socket of the plugin that is being debugged")

// attach connects to a plugin that runs already. Closing the connection leaves it running.
func attach(log zerolog.Logger, socket string) (connection, error) {
	conn, err := grpc.NewClient("passthrough:///attached", dialOptions(
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		}),
		grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		return connection{}, err
	}
	log.Info().Msg("attached to a plugin that is being debugged; it is given all the time it needs, and nothing is cached")
	return connection{
		ModalityClient: modalitypb.NewModalityClient(conn),
		close:          sync.OnceFunc(func() { _ = conn.Close() }),
	}, nil
}
