package dev.lateen.xds.client;

import dev.lateen.xds.ResourceType;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The client's side of incremental xDS, without IO: subscriptions and accepted versions in, requests out. It outlives
 * streams: a new stream starts with {@link #open}, which names what is held, so that only differences come back.
 */
final class DeltaState {
    private final Node node;
    private final Map<String, TypeState> types = new TreeMap<>(ResourceType.PUSH_ORDER);
    private boolean open;
    private boolean nodeSent;

    private static final class TypeState {
        Subscription wanted = Subscription.NONE;
        final Map<String, String> accepted = new HashMap<>();
        boolean requested;
    }

    DeltaState(Node node) {
        this.node = node;
    }

    /** Requests that start a stream, in push order; the node goes into the very first request only. */
    List<DeltaDiscoveryRequest> open() {
        open = true;
        nodeSent = false;
        types.values().forEach(type -> type.requested = false);
        List<DeltaDiscoveryRequest> requests = new ArrayList<>();
        types.forEach((url, type) -> first(url, type).ifPresent(requests::add));
        return requests;
    }

    void closed() {
        open = false;
    }

    /** A change of what is wanted of a type; empty when the server need not hear of it (now). */
    Optional<DeltaDiscoveryRequest> subscribe(String url, Subscription wanted) {
        TypeState type = types.computeIfAbsent(url, ignored -> new TypeState());
        Subscription before = type.wanted;
        type.wanted = wanted;
        type.accepted.keySet().removeIf(name -> !wanted.wants(name));
        if (!open || before.equals(wanted)) {
            return Optional.empty();
        }
        if (!type.requested) {
            return first(url, type);
        }
        Set<String> added = asked(wanted);
        added.removeAll(asked(before));
        Set<String> gone = asked(before);
        gone.removeAll(asked(wanted));
        return Optional.of(request(url)
                .addAllResourceNamesSubscribe(added)
                .addAllResourceNamesUnsubscribe(gone)
                .build());
    }

    /** The answer to a response that was accepted: its versions are held from now on. */
    DeltaDiscoveryRequest accept(DeltaDiscoveryResponse response) {
        TypeState type = types.computeIfAbsent(response.getTypeUrl(), ignored -> new TypeState());
        response.getRemovedResourcesList().forEach(type.accepted::remove);
        response.getResourcesList().forEach(resource -> {
            if (type.wanted.wants(resource.getName())) {
                type.accepted.put(resource.getName(), resource.getVersion());
            }
        });
        return request(response.getTypeUrl())
                .setResponseNonce(response.getNonce())
                .build();
    }

    /** The answer to a response that was refused: what was accepted before stays. */
    DeltaDiscoveryRequest reject(DeltaDiscoveryResponse response, String reason) {
        return request(response.getTypeUrl())
                .setResponseNonce(response.getNonce())
                .setErrorDetail(com.google.rpc.Status.newBuilder()
                        .setCode(io.grpc.Status.Code.INVALID_ARGUMENT.value())
                        .setMessage(reason))
                .build();
    }

    private Optional<DeltaDiscoveryRequest> first(String url, TypeState type) {
        if (type.wanted.equals(Subscription.NONE)) {
            return Optional.empty();
        }
        type.requested = true;
        DeltaDiscoveryRequest.Builder request = request(url).putAllInitialResourceVersions(type.accepted);
        // No names at all is how every server understands "everything"; "*" is only needed beside names.
        if (!type.wanted.all() || !type.wanted.names().isEmpty() || !ResourceType.emptyMeansAll(url)) {
            request.addAllResourceNamesSubscribe(asked(type.wanted));
        }
        return Optional.of(request.build());
    }

    private DeltaDiscoveryRequest.Builder request(String url) {
        DeltaDiscoveryRequest.Builder request =
                DeltaDiscoveryRequest.newBuilder().setTypeUrl(url);
        if (!nodeSent) {
            nodeSent = true;
            request.setNode(node);
        }
        return request;
    }

    private static Set<String> asked(Subscription subscription) {
        Set<String> names = new TreeSet<>(subscription.names());
        if (subscription.all()) {
            names.add(ResourceType.WILDCARD);
        }
        return names;
    }
}
