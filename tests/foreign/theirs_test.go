// Jeton verifies what Go signs; and what one of them refuses, the other does.

package foreign

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	goOrigin = "go.example/log"
	goLeaves = 70
)

func goLog(t *testing.T) *GoLog {
	t.Helper()
	return must[*GoLog](t)(NewGoLog(goOrigin, goLeaves))
}

// said is what jeton log verify --json says about a proof.
type said struct {
	Valid    bool
	Code     string
	Origin   string
	OldSize  int64 `json:"old_size"`
	Size     int64
	LogIndex int64 `json:"log_index"`
	Event    struct{ N int64 }
}

// verify asks jeton; it answers with one document whether it says yes or no.
func verify(t *testing.T, text []byte, vkey string, more ...string) (answer said, err error) {
	t.Helper()
	words := append([]string{"log", "verify", "--json", "--proof", written(t, text), "--vkey", vkey}, more...)
	out, err := Run(binaries(), words...)
	if jsonErr := json.Unmarshal(out, &answer); jsonErr != nil {
		t.Fatalf("%v: %q (%v)", jsonErr, out, err)
	}
	if refusal, ok := err.(*Refusal); err != nil && (!ok || refusal.Status != 4) {
		t.Fatalf("jeton did not refuse, it failed: %v", err)
	}
	return answer, err
}

func TestWeVerifyAnInclusionProofThatGoSigned(t *testing.T) {
	log := goLog(t)
	for index := int64(0); index < goLeaves; index += 3 {
		text := must[[]byte](t)(log.Inclusion(index, goLeaves))
		if _, _, err := CheckInclusion(text, log.Vkey); err != nil {
			t.Fatal(err)
		}
		answer := must[said](t)(verify(t, text, log.Vkey))
		if !answer.Valid || answer.LogIndex != index || answer.Event.N != index || answer.Origin != goOrigin || answer.Size != goLeaves {
			t.Fatalf("proof %d: %+v", index, answer)
		}
	}
}

func TestWeVerifyAConsistencyProofThatGoSigned(t *testing.T) {
	log := goLog(t)
	for old := int64(1); old <= goLeaves; old += 3 {
		text := must[[]byte](t)(log.Consistency(old, goLeaves))
		older := written(t, must[[]byte](t)(log.Checkpoint(old)))
		answer := must[said](t)(verify(t, text, log.Vkey, "--checkpoint", older))
		if !answer.Valid || answer.OldSize != old || answer.Size != goLeaves || answer.Origin != goOrigin {
			t.Fatalf("from %d: %+v", old, answer)
		}
	}
}

func TestAProofByAnotherKeyOrOfAnotherTreeIsRefusedByBoth(t *testing.T) {
	log, other := goLog(t), goLog(t)
	text := must[[]byte](t)(log.Inclusion(5, goLeaves))
	moved := []byte(strings.Replace(string(text), "\nindex 5\n", "\nindex 6\n", 1))
	for _, wrong := range []struct {
		text []byte
		vkey string
	}{{text, other.Vkey}, {moved, log.Vkey}} {
		if _, _, err := CheckInclusion(wrong.text, wrong.vkey); err == nil {
			t.Error("Go took it")
		}
		if _, err := verify(t, wrong.text, wrong.vkey); err == nil {
			t.Error("jeton took it")
		}
	}
	growth := must[[]byte](t)(log.Consistency(30, goLeaves))
	for _, old := range []int64{29, 31, goLeaves} {
		if _, err := CheckConsistency(growth, must[tlog.Tree](t)(log.Tree(old)), log.Vkey); err == nil {
			t.Errorf("Go took it from %d", old)
		}
		older := written(t, must[[]byte](t)(log.Checkpoint(old)))
		if _, err := verify(t, growth, log.Vkey, "--checkpoint", older); err == nil {
			t.Errorf("jeton took it from %d", old)
		}
	}
}

// places are where a text is changed: in the middle of every line, and every so many bytes. Each costs a run of jeton.
func places(text []byte) (at []int) {
	start := 0
	for _, line := range bytes.SplitAfter(text, []byte("\n")) {
		if len(line) > 0 {
			at = append(at, start+(len(line)-1)/2)
		}
		start += len(line)
	}
	for i := 0; i < len(text); i += 31 {
		at = append(at, i)
	}
	return at
}

func TestAChangedByteIsRefusedByBothInWhatGoSigned(t *testing.T) {
	log := goLog(t)
	text := must[[]byte](t)(log.Inclusion(5, goLeaves))
	for _, at := range places(text) {
		changed := flipped(text, at)
		if _, _, err := CheckInclusion(changed, log.Vkey); err == nil {
			t.Errorf("Go took an inclusion proof with byte %d changed", at)
		}
		if answer, err := verify(t, changed, log.Vkey); err == nil {
			t.Errorf("jeton took an inclusion proof with byte %d changed: %+v", at, answer)
		}
	}
	older := must[tlog.Tree](t)(log.Tree(30))
	file := written(t, must[[]byte](t)(log.Checkpoint(30)))
	text = must[[]byte](t)(log.Consistency(30, goLeaves))
	for _, at := range places(text) {
		changed := flipped(text, at)
		if _, err := CheckConsistency(changed, older, log.Vkey); err == nil {
			t.Errorf("Go took a consistency proof with byte %d changed", at)
		}
		if answer, err := verify(t, changed, log.Vkey, "--checkpoint", file); err == nil {
			t.Errorf("jeton took a consistency proof with byte %d changed: %+v", at, answer)
		}
	}
}

func TestAChangedByteIsRefusedByBothInWhatWeSigned(t *testing.T) {
	text := must[[]byte](t)(shared.jeton.Log("proof", "300"))
	if answer := must[said](t)(verify(t, text, shared.vkey)); !answer.Valid || answer.LogIndex != 300 {
		t.Fatalf("%+v", answer)
	}
	for _, at := range places(text) {
		changed := flipped(text, at)
		if _, _, err := CheckInclusion(changed, shared.vkey); err == nil {
			t.Errorf("Go took a proof with byte %d changed", at)
		}
		if _, err := verify(t, changed, shared.vkey); err == nil {
			t.Errorf("jeton took a proof with byte %d changed", at)
		}
	}
	older := must[tlog.Tree](t)(OpenCheckpoint(shared.older, shared.vkey))
	file := written(t, shared.older)
	text = must[[]byte](t)(shared.jeton.Log("consistency", file))
	for _, at := range places(text) {
		changed := flipped(text, at)
		if _, err := CheckConsistency(changed, older, shared.vkey); err == nil {
			t.Errorf("Go took a consistency proof with byte %d changed", at)
		}
		if _, err := verify(t, changed, shared.vkey, "--checkpoint", file); err == nil {
			t.Errorf("jeton took a consistency proof with byte %d changed", at)
		}
	}
}

func TestAnotherLogsCheckpointIsNoBeginningOfOurs(t *testing.T) {
	log := goLog(t)
	_, err := shared.jeton.Log("consistency", written(t, must[[]byte](t)(log.Checkpoint(30))))
	if refusal, ok := err.(*Refusal); !ok || refusal.Status != 4 {
		t.Errorf("not refused: %v", err)
	}
}
