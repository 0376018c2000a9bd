// The measured contract in Go: the same functions as in Python and Node, on Fabric's contract API.
package main

import (
	"fmt"
	"log"
	"os"
	"strconv"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-contract-api-go/v2/contractapi"
)

const collection = "benchCollection"

// Bench holds the measured functions; a client calls them with a small first letter.
type Bench struct {
	contractapi.Contract
}

// Create puts a value.
func (*Bench) Create(ctx contractapi.TransactionContextInterface, key, value string) error {
	return ctx.GetStub().PutState(key, []byte(value))
}

// Emit emits an event, and puts its payload so that there is something to commit.
func (*Bench) Emit(ctx contractapi.TransactionContextInterface, key, payload string) error {
	if err := ctx.GetStub().PutState(key, []byte(payload)); err != nil {
		return err
	}
	return ctx.GetStub().SetEvent("emitted", []byte(payload))
}

// Read gives a value.
func (*Bench) Read(ctx contractapi.TransactionContextInterface, key string) (string, error) {
	value, err := ctx.GetStub().GetState(key)
	return string(value), err
}

// Update reads a value and puts another, and gives the length of what was there.
func (*Bench) Update(ctx contractapi.TransactionContextInterface, key, value string) (int, error) {
	old, err := ctx.GetStub().GetState(key)
	if err != nil {
		return 0, err
	}
	return len(old), ctx.GetStub().PutState(key, []byte(value))
}

// WriteMany puts a value under count keys that begin with prefix, as a batch.
func (*Bench) WriteMany(ctx contractapi.TransactionContextInterface, prefix string, count int, value string) error {
	stub := ctx.GetStub()
	stub.StartWriteBatch()
	for i := range count {
		if err := stub.PutState(prefix+strconv.Itoa(i), []byte(value)); err != nil {
			return err
		}
	}
	return stub.FinishWriteBatch()
}

// ReadMany reads count keys one by one, and gives the length of all their values.
func (*Bench) ReadMany(ctx contractapi.TransactionContextInterface, prefix string, count int) (int, error) {
	length := 0
	for i := range count {
		value, err := ctx.GetStub().GetState(prefix + strconv.Itoa(i))
		if err != nil {
			return 0, err
		}
		length += len(value)
	}
	return length, nil
}

// ReadManyAtOnce does the same in one request.
func (*Bench) ReadManyAtOnce(ctx contractapi.TransactionContextInterface, prefix string, count int) (int, error) {
	keys := make([]string, count)
	for i := range keys {
		keys[i] = prefix + strconv.Itoa(i)
	}
	values, err := ctx.GetStub().GetMultipleStates(keys...)
	if err != nil {
		return 0, err
	}
	length := 0
	for _, value := range values {
		length += len(value)
	}
	return length, nil
}

// CreatePrivate puts the transient field "value" into the collection.
func (*Bench) CreatePrivate(ctx contractapi.TransactionContextInterface, key string) error {
	transient, err := ctx.GetStub().GetTransient()
	if err != nil {
		return err
	}
	value, found := transient["value"]
	if !found {
		return fmt.Errorf("the transient field value is missing")
	}
	return ctx.GetStub().PutPrivateData(collection, key, value)
}

// History gives the number of a key's versions.
func (*Bench) History(ctx contractapi.TransactionContextInterface, key string) (int, error) {
	versions, err := ctx.GetStub().GetHistoryForKey(key)
	if err != nil {
		return 0, err
	}
	defer versions.Close()
	count := 0
	for versions.HasNext() {
		if _, err := versions.Next(); err != nil {
			return 0, err
		}
		count++
	}
	return count, nil
}

func main() {
	if err := serve(); err != nil {
		log.Fatal(err)
	}
}

func serve() error {
	contract := &Bench{}
	contract.Name = "bench"
	chaincode, err := contractapi.NewChaincode(contract)
	if err != nil {
		return err
	}
	files := make([][]byte, 3)
	for i, name := range []string{"CHAINCODE_TLS_KEY", "CHAINCODE_TLS_CERT", "CHAINCODE_CLIENT_CA_CERT"} {
		if files[i], err = os.ReadFile(os.Getenv(name)); err != nil {
			return err
		}
	}
	server := &shim.ChaincodeServer{
		CCID:     os.Getenv("CHAINCODE_ID"),
		Address:  os.Getenv("CHAINCODE_SERVER_ADDRESS"),
		CC:       chaincode,
		TLSProps: shim.TLSProperties{Key: files[0], Cert: files[1], ClientCACerts: files[2]},
	}
	return server.Start()
}
