package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const (
	channelID = "bench"
	valueSize = 100
	maxSize   = 100 * 1024 * 1024
)

type peer struct {
	stream   pb.Chaincode_ConnectClient
	value    []byte
	multiple map[int][]byte
	next     int
}

func dial(address, serverCA, certificate, key string) (pb.Chaincode_ConnectClient, error) {
	transport := insecure.NewCredentials()
	if serverCA != "" {
		ca, err := os.ReadFile(serverCA)
		if err != nil {
			return nil, err
		}
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(ca)
		config := &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
		if certificate != "" {
			own, err := tls.LoadX509KeyPair(certificate, key)
			if err != nil {
				return nil, err
			}
			config.Certificates = []tls.Certificate{own}
		}
		transport = credentials.NewTLS(config)
	}
	limits := grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxSize), grpc.MaxCallSendMsgSize(maxSize))
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(transport), limits)
	if err != nil {
		return nil, err
	}
	return pb.NewChaincodeClient(connection).Connect(context.Background())
}

func register(stream pb.Chaincode_ConnectClient, batch int) (*peer, error) {
	message, err := stream.Recv()
	if err != nil {
		return nil, err
	}
	if message.Type != pb.ChaincodeMessage_REGISTER {
		return nil, fmt.Errorf("the chaincode began with %s", message.Type)
	}
	ready := &pb.ChaincodeMessage{Type: pb.ChaincodeMessage_READY, Payload: additionalParams(batch)}
	for _, answer := range []*pb.ChaincodeMessage{{Type: pb.ChaincodeMessage_REGISTERED}, ready} {
		if err := stream.Send(answer); err != nil {
			return nil, err
		}
	}
	return &peer{stream: stream, value: make([]byte, valueSize), multiple: map[int][]byte{}}, nil
}

// additionalParams is ChaincodeAdditionalParams of Fabric 3.1, which this version of the Go messages lacks.
func additionalParams(batch int) []byte {
	if batch == 0 {
		return nil
	}
	var data []byte
	for field, value := range []uint64{1, uint64(batch), 1, uint64(batch)} {
		data = protowire.AppendTag(data, protowire.Number(field+1), protowire.VarintType)
		data = protowire.AppendVarint(data, value)
	}
	return data
}

func (p *peer) measure(function string, count, inFlight int, length time.Duration) (*measurement, error) {
	call := transaction(function, count)
	flights := make(map[string]time.Time, inFlight)
	begin := func() error {
		p.next++
		call.Txid = strconv.Itoa(p.next)
		flights[call.Txid] = time.Now()
		return p.stream.Send(call)
	}
	// Not measured: what is made at the first call.
	if err := begin(); err != nil {
		return nil, err
	}
	if _, err := p.serve(flights, nil); err != nil {
		return nil, err
	}
	start := time.Now()
	for range inFlight {
		if err := begin(); err != nil {
			return nil, err
		}
	}
	var latencies []time.Duration
	last := start
	for len(flights) > 0 {
		more := begin
		if time.Since(start) >= length {
			more = nil
		}
		took, err := p.serve(flights, more)
		if err != nil {
			return nil, err
		}
		latencies = append(latencies, took...)
		last = time.Now()
	}
	slices.Sort(latencies)
	seconds := last.Sub(start).Seconds()
	milliseconds := func(share float64) float64 {
		return float64(latencies[int(share*float64(len(latencies)-1))].Microseconds()) / 1000
	}
	return &measurement{
		Function: function, Count: count, InFlight: inFlight, Transactions: len(latencies), Seconds: seconds,
		TransactionsPS: float64(len(latencies)) / seconds, P50Ms: milliseconds(0.5), P95Ms: milliseconds(0.95),
	}, nil
}

// serve answers messages until at least one transaction has ended, and begins another one in its place.
func (p *peer) serve(flights map[string]time.Time, more func() error) ([]time.Duration, error) {
	for {
		message, err := p.stream.Recv()
		if err != nil {
			return nil, err
		}
		switch message.Type {
		case pb.ChaincodeMessage_COMPLETED:
			response := &pb.Response{}
			if err := proto.Unmarshal(message.Payload, response); err != nil {
				return nil, err
			}
			if response.Status != 200 {
				return nil, fmt.Errorf("a transaction failed: %s", response.Message)
			}
			took := time.Since(flights[message.Txid])
			delete(flights, message.Txid)
			if more != nil {
				err = more()
			}
			return []time.Duration{took}, err
		case pb.ChaincodeMessage_ERROR:
			return nil, errors.New("a transaction failed: " + string(message.Payload))
		default:
			if err := p.answer(message); err != nil {
				return nil, err
			}
		}
	}
}

func (p *peer) answer(request *pb.ChaincodeMessage) error {
	var payload []byte
	switch request.Type {
	case pb.ChaincodeMessage_GET_STATE:
		payload = p.value
	case pb.ChaincodeMessage_GET_STATE_MULTIPLE:
		asked := &pb.GetStateMultiple{}
		if err := proto.Unmarshal(request.Payload, asked); err != nil {
			return err
		}
		values, err := p.values(len(asked.Keys))
		if err != nil {
			return err
		}
		payload = values
	case pb.ChaincodeMessage_PUT_STATE, pb.ChaincodeMessage_WRITE_BATCH_STATE:
	default:
		return fmt.Errorf("this peer does not answer %s", request.Type)
	}
	return p.stream.Send(&pb.ChaincodeMessage{
		Type: pb.ChaincodeMessage_RESPONSE, Txid: request.Txid, ChannelId: request.ChannelId, Payload: payload,
	})
}

func (p *peer) values(count int) ([]byte, error) {
	if made, ok := p.multiple[count]; ok {
		return made, nil
	}
	result := &pb.GetStateMultipleResult{}
	for range count {
		result.Values = append(result.Values, p.value)
	}
	made, err := proto.Marshal(result)
	p.multiple[count] = made
	return made, err
}

func transaction(function string, count int) *pb.ChaincodeMessage {
	input := &pb.ChaincodeInput{Args: [][]byte{[]byte(function), []byte(strconv.Itoa(count))}}
	channel := &common.ChannelHeader{
		Type: int32(common.HeaderType_ENDORSER_TRANSACTION), ChannelId: channelID, Timestamp: timestamppb.Now(),
	}
	invocation := &pb.ChaincodeInvocationSpec{ChaincodeSpec: &pb.ChaincodeSpec{Input: input}}
	creator := encode(&msp.SerializedIdentity{Mspid: "BenchMSP", IdBytes: []byte("bench")})
	signature := &common.SignatureHeader{Creator: creator, Nonce: []byte("nonce")}
	header := &common.Header{ChannelHeader: encode(channel), SignatureHeader: encode(signature)}
	proposal := &pb.Proposal{
		Header: encode(header), Payload: encode(&pb.ChaincodeProposalPayload{Input: encode(invocation)}),
	}
	return &pb.ChaincodeMessage{
		Type: pb.ChaincodeMessage_TRANSACTION, ChannelId: channelID, Payload: encode(input),
		Proposal: &pb.SignedProposal{ProposalBytes: encode(proposal), Signature: []byte("signature")},
	}
}

func encode(message proto.Message) []byte {
	data, err := proto.Marshal(message)
	if err != nil {
		panic(err)
	}
	return data
}
