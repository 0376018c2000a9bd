// The Go client of the measurements: it is told each round as a line of JSON and answers with a line of JSON.
package main

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-gateway/pkg/hash"
	"github.com/hyperledger/fabric-gateway/pkg/identity"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

const (
	counter = "{n}" // stands for the number of the transaction in an argument
	timeout = 60 * time.Second
)

// round says what to run: until Seconds have passed or Count transactions have ended, InFlight at a time.
type round struct {
	Chaincode string            `json:"chaincode"`
	Function  string            `json:"function"`
	Arguments []string          `json:"arguments"`
	Transient map[string]string `json:"transient"`
	Submit    bool              `json:"submit"`
	InFlight  int               `json:"in_flight"`
	Seconds   float64           `json:"seconds"`
	Count     int64             `json:"count"`
	First     int64             `json:"first"`
	Modulo    int64             `json:"modulo"`
	Replay    int               `json:"replay"`
}

// result has latencies in milliseconds; Errors counts messages; Result is what the last transaction gave.
type result struct {
	Transactions int            `json:"transactions"`
	Seconds      float64        `json:"seconds"`
	P50          float64        `json:"p50"`
	P95          float64        `json:"p95"`
	Next         int64          `json:"next"`
	Errors       map[string]int `json:"errors"`
	Result       string         `json:"result"`
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	address := flag.String("address", "", "the gateway peer")
	name := flag.String("name", "", "its host name")
	root := flag.String("root", "", "root of its TLS certificate")
	mspID := flag.String("msp", "", "MSP ID of the caller")
	certificate := flag.String("certificate", "", "the caller's certificate")
	key := flag.String("key", "", "the caller's key")
	channel := flag.String("channel", "", "name of the channel")
	flag.Parse()

	connection, err := connect(*address, *name, *root)
	if err != nil {
		return err
	}
	defer connection.Close()
	gateway, err := caller(connection, *mspID, *certificate, *key)
	if err != nil {
		return err
	}
	defer gateway.Close()
	network := gateway.GetNetwork(*channel)

	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var wanted round
		if err := json.Unmarshal(lines.Bytes(), &wanted); err != nil {
			return err
		}
		var given result
		if wanted.Replay > 0 {
			given = replay(network, wanted)
		} else {
			given = drive(network.GetContract(wanted.Chaincode), wanted)
		}
		if err := answers.Encode(given); err != nil {
			return err
		}
	}
	return lines.Err()
}

func connect(address, name, root string) (*grpc.ClientConn, error) {
	pem, err := os.ReadFile(root)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", root)
	}
	tls := credentials.NewClientTLSFromCert(pool, name)
	return grpc.NewClient(address, grpc.WithTransportCredentials(tls))
}

func caller(connection *grpc.ClientConn, mspID, certificateFile, keyFile string) (*client.Gateway, error) {
	certificatePEM, err := os.ReadFile(certificateFile)
	if err != nil {
		return nil, err
	}
	certificate, err := identity.CertificateFromPEM(certificatePEM)
	if err != nil {
		return nil, err
	}
	id, err := identity.NewX509Identity(mspID, certificate)
	if err != nil {
		return nil, err
	}
	keyPEM, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, err
	}
	key, err := identity.PrivateKeyFromPEM(keyPEM)
	if err != nil {
		return nil, err
	}
	sign, err := identity.NewPrivateKeySign(key)
	if err != nil {
		return nil, err
	}
	return client.Connect(
		id,
		client.WithSign(sign),
		client.WithHash(hash.SHA256),
		client.WithClientConnection(connection),
	)
}

// drive runs a round. Each of its workers takes the next number, does its transaction, and notes how long it took.
func drive(contract *client.Contract, wanted round) result {
	var (
		next   atomic.Int64
		mutex  sync.Mutex
		worker sync.WaitGroup
	)
	next.Store(wanted.First)
	took := []float64{}
	given := result{Errors: map[string]int{}}
	started := time.Now()
	end := started.Add(time.Duration(wanted.Seconds * float64(time.Second)))
	for range wanted.InFlight {
		worker.Go(func() {
			for wanted.Count > 0 || time.Now().Before(end) {
				number := next.Add(1) - 1
				if wanted.Count > 0 && number >= wanted.First+wanted.Count {
					return
				}
				began := time.Now()
				payload, err := transact(contract, wanted, number)
				elapsed := float64(time.Since(began).Microseconds()) / 1000
				mutex.Lock()
				if err != nil {
					given.Errors[reason(err)]++
				} else {
					took = append(took, elapsed)
					given.Result = string(payload)
				}
				mutex.Unlock()
			}
		})
	}
	worker.Wait()
	given.Seconds = time.Since(started).Seconds()
	given.Transactions = len(took)
	given.Next = next.Load()
	sort.Float64s(took)
	given.P50, given.P95 = quantile(took, 0.50), quantile(took, 0.95)
	return given
}

// replay reads events of a chaincode from the first block on.
func replay(network *client.Network, wanted round) result {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	given := result{Errors: map[string]int{}}
	started := time.Now()
	events, err := network.ChaincodeEvents(ctx, wanted.Chaincode, client.WithStartBlock(0))
	if err != nil {
		given.Errors[reason(err)]++
		return given
	}
	for given.Transactions < wanted.Replay {
		event, open := <-events
		if !open {
			given.Errors["the stream of events ended"]++
			break
		}
		given.Transactions++
		given.Result = event.EventName
	}
	given.Seconds = time.Since(started).Seconds()
	return given
}

func transact(contract *client.Contract, wanted round, number int64) ([]byte, error) {
	if wanted.Modulo > 0 {
		number %= wanted.Modulo
	}
	arguments := make([]string, len(wanted.Arguments))
	for i, argument := range wanted.Arguments {
		arguments[i] = strings.ReplaceAll(argument, counter, strconv.FormatInt(number, 10))
	}
	options := []client.ProposalOption{client.WithArguments(arguments...)}
	if len(wanted.Transient) > 0 {
		transient := map[string][]byte{}
		for name, value := range wanted.Transient {
			transient[name] = []byte(value)
		}
		options = append(options, client.WithTransient(transient))
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if wanted.Submit {
		return contract.SubmitWithContext(ctx, wanted.Function, options...)
	}
	return contract.EvaluateWithContext(ctx, wanted.Function, options...)
}

// reason leaves out the transaction's id, so that equal failures are counted together.
func reason(err error) string {
	var failed *client.CommitError
	if errors.As(err, &failed) {
		return failed.Code.String()
	}
	return err.Error()
}

func quantile(sorted []float64, share float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[int(share*float64(len(sorted)-1))]
}
