package dev.lateen.proxy.envoy;

import com.google.rpc.Code;
import com.google.rpc.Status;
import dev.lateen.xds.XdsError;
import dev.lateen.xds.client.ResourceListener;
import dev.lateen.xds.client.ResourceUpdate;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc.AggregatedDiscoveryServiceImplBase;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.grpc.ManagedChannel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes an Envoy's stream of configuration (aggregated discovery service, incremental variant) on to the control plane,
 * over a channel that proves who the workload is. Types that Envoy does not know and the agent serves itself are asked
 * for on the same stream and kept from Envoy. A stream ends with the one behind it; Envoy opens the next. Thread-safe.
 */
public final class XdsRelay extends AggregatedDiscoveryServiceImplBase {
    private static final Logger log = LoggerFactory.getLogger(XdsRelay.class);

    /** gRPC would refuse more than 4 MiB; a large mesh sends that much to one proxy. */
    private static final int MAX_RESPONSE_BYTES = 256 << 20;

    private final ManagedChannel controlPlane;
    private final Map<String, ResourceListener> own;
    private final AtomicReference<String> lastFailure = new AtomicReference<>("");

    /**
     * @param controlPlane stays the caller's to shut down
     * @param own who takes resources of a type, by its URL
     */
    public XdsRelay(ManagedChannel controlPlane, Map<String, ResourceListener> own) {
        this.controlPlane = controlPlane;
        this.own = Map.copyOf(own);
    }

    @Override
    public StreamObserver<DeltaDiscoveryRequest> deltaAggregatedResources(
            StreamObserver<DeltaDiscoveryResponse> responses) {
        Upstream upstream = new Upstream((ServerCallStreamObserver<DeltaDiscoveryResponse>) responses);
        // The wait between attempts is Envoy's; gRPC's own must not be added to it.
        controlPlane.resetConnectBackoff();
        try {
            var _ = AggregatedDiscoveryServiceGrpc.newStub(controlPlane)
                    .withMaxInboundMessageSize(MAX_RESPONSE_BYTES)
                    .deltaAggregatedResources(upstream);
        } catch (UncheckedIOException e) {
            // The token cannot be read, now.
            upstream.onError(io.grpc.Status.UNAVAILABLE
                    .withDescription(e.getMessage())
                    .withCause(e)
                    .asRuntimeException());
        }
        return upstream.fromEnvoy();
    }

    /** One stream to the control plane, for one of Envoy's. */
    private final class Upstream implements ClientResponseObserver<DeltaDiscoveryRequest, DeltaDiscoveryResponse> {
        private final ServerCallStreamObserver<DeltaDiscoveryResponse> envoy;
        private @Nullable ClientCallStreamObserver<DeltaDiscoveryRequest> requests;
        private boolean introduced;
        private boolean full;

        Upstream(ServerCallStreamObserver<DeltaDiscoveryResponse> envoy) {
            this.envoy = envoy;
            envoy.setOnReadyHandler(this::drained);
        }

        @Override
        public synchronized void beforeStart(ClientCallStreamObserver<DeltaDiscoveryRequest> requests) {
            this.requests = requests;
            requests.disableAutoRequestWithInitial(1);
            envoy.setOnCancelHandler(() -> requests.cancel("Envoy has ended the stream", null));
        }

        StreamObserver<DeltaDiscoveryRequest> fromEnvoy() {
            return new StreamObserver<>() {
                @Override
                public void onNext(DeltaDiscoveryRequest request) {
                    passOn(request);
                }

                @Override
                public void onError(Throwable failure) {
                    // The handler of cancellations has ended the other side.
                }

                @Override
                public void onCompleted() {
                    end();
                }
            };
        }

        private synchronized void passOn(DeltaDiscoveryRequest request) {
            send(request);
            if (!introduced) {
                // The first request says who the client is; nobody is asked for anything before.
                introduced = true;
                own.keySet()
                        .forEach(type -> send(DeltaDiscoveryRequest.newBuilder()
                                .setTypeUrl(type)
                                .build()));
            }
        }

        private synchronized void end() {
            if (requests != null) {
                requests.onCompleted();
            }
        }

        private synchronized void send(DeltaDiscoveryRequest request) {
            if (requests != null) {
                requests.onNext(request);
            }
        }

        private synchronized void more() {
            if (requests != null) {
                requests.request(1);
            }
        }

        @Override
        public void onNext(DeltaDiscoveryResponse response) {
            lastFailure.set("");
            ResourceListener listener = own.get(response.getTypeUrl());
            if (listener != null) {
                send(answer(listener, response));
                more();
                return;
            }
            synchronized (this) {
                envoy.onNext(response);
                full = !envoy.isReady();
                if (full) {
                    return;
                }
            }
            more();
        }

        /** Envoy has taken what it was sent: the control plane may send the next. */
        private synchronized void drained() {
            if (full) {
                full = false;
                more();
            }
        }

        private static DeltaDiscoveryRequest answer(ResourceListener listener, DeltaDiscoveryResponse response) {
            DeltaDiscoveryRequest.Builder answer = DeltaDiscoveryRequest.newBuilder()
                    .setTypeUrl(response.getTypeUrl())
                    .setResponseNonce(response.getNonce());
            listener.onUpdate(ResourceUpdate.of(response))
                    .ifPresent(reason -> answer.setErrorDetail(Status.newBuilder()
                            .setCode(Code.INVALID_ARGUMENT_VALUE)
                            .setMessage(reason)));
            return answer.build();
        }

        @Override
        public void onError(Throwable failure) {
            if (envoy.isCancelled()) {
                return;
            }
            String detail = XdsError.describe(String.valueOf(controlPlane.authority()), failure);
            if (!detail.equals(lastFailure.getAndSet(detail))) {
                log.warn("{}", detail);
            }
            synchronized (this) {
                requests = null;
                envoy.onError(failure);
            }
        }

        @Override
        public synchronized void onCompleted() {
            requests = null;
            if (!envoy.isCancelled()) {
                envoy.onCompleted();
            }
        }
    }
}
