// Package foreign holds Jeton's log against code that other people wrote, and their logs against Jeton.
package foreign

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Jeton is a running jetond --dev with a state directory of its own.
type Jeton struct {
	bin    string
	home   string
	State  string
	daemon *exec.Cmd
	door   *http.Client
}

// StartJeton starts the jetond of the folder bin, with its state below home.
func StartJeton(bin, home string) (*Jeton, error) {
	j := &Jeton{bin: bin, home: home, State: filepath.Join(home, "state")}
	socket := filepath.Join(home, "agent.sock")
	j.daemon = exec.Command(filepath.Join(bin, "jetond"), "--dev", "--state", j.State, "--socket", socket)
	j.daemon.Stderr = os.Stderr
	j.daemon.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := j.daemon.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := j.daemon.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "ready ") {
		j.Stop()
		return nil, fmt.Errorf("jetond did not start: %q %v", line, err)
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}
	j.door = &http.Client{Transport: &http.Transport{DialContext: dial}, Timeout: time.Minute}
	return j, nil
}

// Stop ends the daemon as a service manager would.
func (j *Jeton) Stop() error {
	if err := j.daemon.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return j.daemon.Wait()
}

// Mint opens calls, each with a token: one event a call.
func (j *Jeton) Mint(calls int) error {
	for i := 0; i < calls; i++ {
		body := fmt.Sprintf(`{"server":"mcp:stdio:files","tool":"read_file","arguments":{"n":%d}}`, i)
		answer, err := j.door.Post("http://localhost/v1/calls", "application/json", strings.NewReader(body))
		if err != nil {
			return err
		}
		said, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK {
			return fmt.Errorf("no token: %s %s %v", answer.Status, said, err)
		}
	}
	return nil
}

// WaitUntilSigned waits until the newest checkpoint covers every event, and returns how many that are.
func (j *Jeton) WaitUntilSigned(limit time.Duration) (int64, error) {
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		answer, err := j.door.Get("http://localhost/v1/status")
		if err != nil {
			return 0, err
		}
		var status struct {
			Log struct {
				Size       int64 `json:"size"`
				SignedSize int64 `json:"signed_size"`
			} `json:"log"`
		}
		err = json.NewDecoder(answer.Body).Decode(&status)
		answer.Body.Close()
		if err != nil {
			return 0, err
		}
		if status.Log.Size == status.Log.SignedSize {
			return status.Log.Size, nil
		}
	}
	return 0, errors.New("no checkpoint came in time")
}

// Refusal is a jeton command that said no, with what it said.
type Refusal struct {
	Status int
	Said   string
}

func (r *Refusal) Error() string { return fmt.Sprintf("exit status %d: %s", r.Status, r.Said) }

// Run runs jeton and returns what it printed on stdout; a *Refusal when its exit status is not 0.
func Run(bin string, words ...string) ([]byte, error) {
	command := exec.Command(filepath.Join(bin, "jeton"), words...)
	var out, said bytes.Buffer
	command.Stdout, command.Stderr = &out, &said
	var ended *exec.ExitError
	if err := command.Run(); errors.As(err, &ended) {
		return out.Bytes(), &Refusal{ended.ExitCode(), said.String() + out.String()}
	} else if err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Log runs a command of jeton log on this state directory.
func (j *Jeton) Log(words ...string) ([]byte, error) {
	return Run(j.bin, append(append([]string{"log"}, words...), "--state", j.State)...)
}
