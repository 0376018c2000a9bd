// A scripted peer that measures a chaincode server: it dials, keeps a number of transactions in flight, answers
// their ledger requests at once and prints one line of JSON per round. Any server that speaks the chaincode
// protocol can be measured; its function must be invoked as `<function> <count>` (empty 0, put 100, get 1, ...).
package main

import (
	"encoding/json"
	"flag"
	"log"
	"os"
	"strconv"
	"strings"
	"time"
)

type measurement struct {
	Function       string  `json:"function"`
	Count          int     `json:"count"`
	InFlight       int     `json:"in_flight"`
	Transactions   int     `json:"transactions"`
	Seconds        float64 `json:"seconds"`
	TransactionsPS float64 `json:"transactions_per_second"`
	P50Ms          float64 `json:"p50_ms"`
	P95Ms          float64 `json:"p95_ms"`
}

func main() {
	address := flag.String("address", "127.0.0.1:9999", "host:port of the chaincode server")
	serverCA := flag.String("tls-ca", "", "PEM file: CA of the server; empty: no TLS")
	certificate := flag.String("tls-cert", "", "PEM file: client certificate")
	key := flag.String("tls-key", "", "PEM file: client key")
	workloads := flag.String("workloads", "empty:0,put:1,get:1,put:100,get:100", "function:count, ...")
	inFlight := flag.String("in-flight", "1,64,256", "transactions in flight, ...")
	seconds := flag.Float64("seconds", 2, "length of a measurement")
	rounds := flag.Int("rounds", 1, "how often everything is measured")
	batch := flag.Int("batch", 0, "announce write batches and multiple reads of this size; 0: none, as Fabric 2.5")
	flag.Parse()

	stream, err := dial(*address, *serverCA, *certificate, *key)
	if err != nil {
		log.Fatal(err)
	}
	peer, err := register(stream, *batch)
	if err != nil {
		log.Fatal(err)
	}
	out := json.NewEncoder(os.Stdout)
	for range *rounds {
		for _, workload := range strings.Split(*workloads, ",") {
			function, text, _ := strings.Cut(workload, ":")
			count := number(text)
			for _, many := range strings.Split(*inFlight, ",") {
				length := time.Duration(*seconds * float64(time.Second))
				measured, err := peer.measure(function, count, number(many), length)
				if err != nil {
					log.Fatal(err)
				}
				if err := out.Encode(measured); err != nil {
					log.Fatal(err)
				}
			}
		}
	}
}

func number(text string) int {
	value, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		log.Fatal(err)
	}
	return value
}
