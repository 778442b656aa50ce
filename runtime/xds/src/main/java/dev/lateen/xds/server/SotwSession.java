package dev.lateen.xds.server;

import dev.lateen.xds.ResourceType;
import dev.lateen.xds.XdsError;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * State-of-the-world ADS for one client: a response of a type carries everything asked for of that type, and is sent
 * when any of it changed. After new clusters the endpoints are answered again, and after new listeners the routes, even
 * with the same bytes: Envoy warms until they come.
 */
final class SotwSession implements Session<DiscoveryRequest, DiscoveryResponse> {
    private static final Map<String, String> WARMED_BY =
            Map.of(ResourceType.CLUSTER, ResourceType.ENDPOINT, ResourceType.LISTENER, ResourceType.ROUTE);

    private final Rejections rejections;
    private final Questions questions;
    private final Map<String, TypeState> types = new TreeMap<>(ResourceType.PUSH_ORDER);
    private long responses;
    /** Nonce of the last answer to a question. */
    private String answered = "";

    private static final class TypeState {
        boolean wildcard;
        Set<String> names = Set.of();
        Map<String, String> held = Map.of();
        /** The next request of this type is answered, even if it looks like an ACK. */
        boolean answerNext;

        final Answers answers = new Answers();
    }

    SotwSession(Rejections rejections, Questions questions) {
        this.rejections = rejections;
        this.questions = questions;
    }

    @Override
    public Node nodeOf(DiscoveryRequest request) {
        return request.getNode();
    }

    @Override
    public List<DiscoveryResponse> onRequest(DiscoveryRequest request, ResourceSet resources) {
        String url = request.getTypeUrl();
        if (url.isEmpty()) {
            throw XdsError.invalid("type_url is missing in a request on an aggregated stream");
        }
        DiscoveryResponse answer = questions.answer(url, request.getResourceNamesList());
        if (answer != null) {
            return answered(request, answer);
        }
        TypeState type = types.computeIfAbsent(url, ignored -> new TypeState());
        // A nonce of an earlier stream counts for nothing: the client reconnected, and gets everything.
        boolean first = type.answers.nothingSent();
        String nonce = request.getResponseNonce();
        if (!first && !nonce.isEmpty() && !type.answers.isCurrent(nonce)) {
            return List.of();
        }
        Set<String> before = type.names;
        boolean wasWildcard = type.wildcard;
        type.names = new LinkedHashSet<>(request.getResourceNamesList());
        type.wildcard =
                type.names.remove(ResourceType.WILDCARD) || (type.names.isEmpty() && ResourceType.emptyMeansAll(url));
        if (!type.wildcard) {
            type.held = new LinkedHashMap<>(type.held);
            type.held.keySet().retainAll(type.names);
        }
        boolean wider = !before.containsAll(type.names) || (type.wildcard && !wasWildcard);
        boolean due = first || wider;
        if (!first && request.hasErrorDetail()) {
            if (type.answers.rejected(nonce, request.getErrorDetail().getMessage())) {
                rejections.rejected(url, request.getErrorDetail().getMessage());
            }
        } else if (!first) {
            type.answers.acked(nonce);
            due |= type.answerNext;
            type.answerNext = false;
        }
        List<DiscoveryResponse> responses = new ArrayList<>();
        if (due && (type.wildcard || !type.names.isEmpty())) {
            send(url, type, resources, responses);
        }
        return responses;
    }

    /** istioctl makes nonces up when it asks, and sends ours back when it has heard. */
    private List<DiscoveryResponse> answered(DiscoveryRequest request, DiscoveryResponse answer) {
        if (!answered.isEmpty() && answered.equals(request.getResponseNonce())) {
            return List.of();
        }
        answered = Long.toString(++responses);
        return List.of(answer.toBuilder()
                .setTypeUrl(request.getTypeUrl())
                .setNonce(answered)
                .build());
    }

    @Override
    public List<DiscoveryResponse> onChange(ResourceSet resources) {
        List<DiscoveryResponse> responses = new ArrayList<>();
        Set<String> again = new LinkedHashSet<>();
        types.forEach((url, type) -> {
            if (!type.wildcard && type.names.isEmpty()) {
                return;
            }
            boolean changed = !versions(selected(url, type, resources)).equals(type.held);
            if (changed || (again.contains(url) && !type.answers.isRejected())) {
                send(url, type, resources, responses);
                String dependent = WARMED_BY.get(url);
                if (dependent != null) {
                    again.add(dependent);
                }
            }
        });
        return responses;
    }

    private void send(String url, TypeState type, ResourceSet resources, List<DiscoveryResponse> responses) {
        List<EncodedResource> selected = selected(url, type, resources);
        type.held = versions(selected);
        type.answerNext = false;
        String nonce = Long.toString(++this.responses);
        type.answers.sent(nonce, resources.generation());
        responses.add(DiscoveryResponse.newBuilder()
                .setTypeUrl(url)
                .setNonce(nonce)
                .setVersionInfo(Long.toString(resources.generation()))
                .addAllResources(selected.stream().map(EncodedResource::body).toList())
                .build());
        String dependent = WARMED_BY.get(url);
        TypeState waiting = dependent == null ? null : types.get(dependent);
        if (waiting != null) {
            waiting.answerNext = true;
        }
    }

    private static List<EncodedResource> selected(String url, TypeState type, ResourceSet resources) {
        return resources.of(url).values().stream()
                .filter(resource -> type.wildcard || type.names.contains(resource.name()))
                .toList();
    }

    private static Map<String, String> versions(List<EncodedResource> resources) {
        Map<String, String> versions = LinkedHashMap.newLinkedHashMap(resources.size());
        resources.forEach(resource -> versions.put(resource.name(), resource.version()));
        return versions;
    }

    @Override
    public List<TypeStatus> types() {
        return types.entrySet().stream()
                .map(entry -> entry.getValue()
                        .answers
                        .status(
                                entry.getKey(),
                                entry.getValue().wildcard,
                                entry.getValue().names.size()))
                .toList();
    }

    @Override
    public Map<String, Map<String, String>> sent() {
        Map<String, Map<String, String>> sent = new TreeMap<>(ResourceType.PUSH_ORDER);
        types.forEach((url, type) -> sent.put(url, type.held));
        return sent;
    }
}
