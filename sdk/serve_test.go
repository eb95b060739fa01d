package sdk_test

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/fusemoe/fusemoe/sdk"
	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// TestMain runs the tests or, started again by one of them, a plugin.
func TestMain(m *testing.M) {
	if os.Getenv("SDK_TEST_SERVE") != "" {
		sdk.Serve(fitter{})
	}
	goleak.VerifyTestMain(m)
}

func TestAPluginStartedByHandSaysWhatItIs(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "SDK_TEST_SERVE=1")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.HasPrefix(string(out), "This is m 1.0.0, a modality plugin of fusemoe") {
		t.Errorf("got %v: %s", err, out)
	}
}

func TestDescribeFlagPrintsTheDescription(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-describe")
	cmd.Env = append(os.Environ(), "SDK_TEST_SERVE=1")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var d modalitypb.DescribeResponse
	if err := protojson.Unmarshal(out, &d); err != nil || d.GetName() != "m" || !d.GetFits() {
		t.Errorf("got %v: %s", err, out)
	}
}

func TestDebugFlagServesUntilInterrupted(t *testing.T) {
	tmp, err := os.MkdirTemp("", "d") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(tmp)
	cmd := exec.Command(os.Args[0], "-debug")
	cmd.Env = append(os.Environ(), "SDK_TEST_SERVE=1", "TMPDIR="+tmp)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	socket, ok := strings.CutPrefix(strings.Trim(strings.TrimSpace(line), "'"), sdk.ReattachEnv+"='m=")
	if !ok {
		t.Fatalf("it prints %q", line)
	}
	conn, err := grpc.NewClient("unix:"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	d, err := modalitypb.NewModalityClient(conn).Describe(t.Context(), &modalitypb.DescribeRequest{})
	if err != nil || d.GetName() != "m" {
		t.Errorf("got %v, %v", d, err)
	}
	conn.Close()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
