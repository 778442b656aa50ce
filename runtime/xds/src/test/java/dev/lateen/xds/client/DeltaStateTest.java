package dev.lateen.xds.client;

import static dev.lateen.xds.ResourceType.CLUSTER;
import static dev.lateen.xds.ResourceType.ENDPOINT;
import static dev.lateen.xds.ResourceType.ROUTE;
import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DeltaStateTest {
    private final DeltaState state =
            new DeltaState(Node.newBuilder().setId("sidecar~10.0.0.1~a.b~b.svc").build());

    @Test
    void a_stream_starts_with_the_node_and_one_request_per_type_in_push_order() {
        state.subscribe(ROUTE, Subscription.to(Set.of("80")));
        state.subscribe(CLUSTER, Subscription.ALL);

        List<DeltaDiscoveryRequest> requests = state.open();

        assertThat(requests).extracting(DeltaDiscoveryRequest::getTypeUrl).containsExactly(CLUSTER, ROUTE);
        assertThat(requests).extracting(DeltaDiscoveryRequest::hasNode).containsExactly(true, false);
        assertThat(requests.get(0).getResourceNamesSubscribeList()).isEmpty();
        assertThat(requests.get(1).getResourceNamesSubscribeList()).containsExactly("80");
    }

    @Test
    void a_change_of_names_sends_only_the_difference() {
        state.open();
        assertThat(state.subscribe(ENDPOINT, Subscription.to(Set.of("a", "b"))))
                .map(DeltaDiscoveryRequest::getResourceNamesSubscribeList)
                .hasValueSatisfying(names -> assertThat(names).containsExactly("a", "b"));
        assertThat(state.subscribe(ENDPOINT, Subscription.to(Set.of("b", "c")))).hasValueSatisfying(request -> {
            assertThat(request.getResourceNamesSubscribeList()).containsExactly("c");
            assertThat(request.getResourceNamesUnsubscribeList()).containsExactly("a");
        });
        assertThat(state.subscribe(ENDPOINT, Subscription.to(Set.of("b", "c")))).isEmpty();
    }

    @Test
    void everything_and_a_name_is_said_with_an_asterisk() {
        state.subscribe(CLUSTER, new Subscription(true, Set.of("x")));
        assertThat(state.open().getFirst().getResourceNamesSubscribeList()).containsExactly("*", "x");
    }

    @Test
    void a_new_stream_names_what_was_accepted_and_nothing_that_was_refused_removed_or_dropped() {
        state.subscribe(ENDPOINT, Subscription.to(Set.of("a", "b", "c")));
        state.open();
        state.accept(response("n1", List.of(), "a=1", "b=1", "c=1"));
        state.accept(response("n2", List.of("b")));
        state.reject(response("n3", List.of(), "a=2"), "no");
        state.subscribe(ENDPOINT, Subscription.to(Set.of("a", "b")));
        state.closed();

        DeltaDiscoveryRequest again = state.open().getFirst();

        assertThat(again.getInitialResourceVersionsMap()).isEqualTo(Map.of("a", "1"));
        assertThat(again.getResourceNamesSubscribeList()).containsExactly("a", "b");
        assertThat(again.getResponseNonce()).isEmpty();
        assertThat(again.hasNode()).isTrue();
    }

    @Test
    void an_answer_carries_the_nonce_and_a_refusal_the_reason() {
        state.subscribe(ENDPOINT, Subscription.to(Set.of("a")));
        state.open();
        DeltaDiscoveryRequest ack = state.accept(response("n1", List.of(), "a=1"));
        DeltaDiscoveryRequest nack = state.reject(response("n2", List.of(), "a=2"), "a: port is missing");
        assertThat(ack.getResponseNonce()).isEqualTo("n1");
        assertThat(ack.hasErrorDetail()).isFalse();
        assertThat(nack.getResponseNonce()).isEqualTo("n2");
        assertThat(nack.getErrorDetail().getMessage()).isEqualTo("a: port is missing");
    }

    private static DeltaDiscoveryResponse response(String nonce, List<String> removed, String... resources) {
        return DeltaDiscoveryResponse.newBuilder()
                .setTypeUrl(ENDPOINT)
                .setNonce(nonce)
                .addAllRemovedResources(removed)
                .addAllResources(Arrays.stream(resources)
                        .map(text -> text.split("="))
                        .map(pair -> Resource.newBuilder()
                                .setName(pair[0])
                                .setVersion(pair[1])
                                .build())
                        .toList())
                .build();
    }
}
