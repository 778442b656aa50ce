package dev.lateen.acceptance.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.control.ControlPlane;
import dev.lateen.xds.ResourceType;
import dev.lateen.xds.client.AdsClient;
import dev.lateen.xds.client.ResourceListener;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two control planes at one API, with a proxy each: the leader alone writes statuses, of the proxies of both; when it dies
 * the other one does.
 */
class TwoControlPlanesTest {
    private static final String RULE = """
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: %s, namespace: default}
            spec: {hosts: [%s], http: [{directResponse: {status: 200}}]}
            """;
    private static final ResourceListener CONTENT = update -> Optional.empty();

    @TempDir
    private Path directory;

    private final AtomicBoolean refusing = new AtomicBoolean();

    @Test
    @Timeout(300)
    void the_leader_writes_of_all_proxies_and_when_it_is_cut_off_the_other_one() throws Exception {
        try (LocalApi api = new LocalApi(directory);
                Cord cord = new Cord(URI.create(api.address()).getPort());
                KubernetesClient client = Planes.client(api.kubeconfig())) {
            Planes.prepare(client);
            try (ControlPlane first = Planes.start(through(api, cord), "istiod-1", Clock.systemUTC());
                    AdsClient _ = Planes.sidecar(first, "one", CONTENT)) {
                Planes.apply(client, RULE.formatted("early", "early.example"));
                assertThat(message(client, "early", "Active")).isEqualTo("active on 1 of 1 proxies");
                try (ControlPlane second =
                                Planes.start(() -> Planes.client(api.kubeconfig()), "istiod-2", Clock.systemUTC());
                        AdsClient _ = Planes.sidecar(
                                second,
                                "two",
                                update -> refusing.get() && update.type().equals(ResourceType.ROUTE)
                                        ? Optional.of("no, thank you")
                                        : Optional.empty())) {
                    says(client, "early", "active on 2 of 2 proxies");
                    Planes.apply(client, RULE.formatted("later", "later.example"));
                    says(client, "later", "active on 2 of 2 proxies");

                    refusing.set(true);
                    Planes.apply(client, RULE.formatted("refused", "web"));
                    assertThat(message(client, "refused", "Rejected"))
                            .isEqualTo("active on 1 of 2 proxies; two.default refused RouteConfiguration:"
                                    + " no, thank you");

                    refusing.set(false);
                    cord.cut();
                    Planes.apply(client, RULE.formatted("last", "last.example"));
                    assertThat(message(client, "last", "Active")).isEqualTo("active on 1 of 1 proxies");
                }
            }
        }
    }

    @Test
    @Timeout(300)
    void one_that_is_silent_for_a_minute_does_not_count_any_more() throws Exception {
        HandClock clock = new HandClock(Instant.now());
        try (LocalApi api = new LocalApi(directory);
                Cord cord = new Cord(URI.create(api.address()).getPort());
                KubernetesClient client = Planes.client(api.kubeconfig())) {
            Planes.prepare(client);
            Planes.apply(client, RULE.formatted("rule", "rule.example"));
            try (ControlPlane first = Planes.start(() -> Planes.client(api.kubeconfig()), "istiod-1", clock);
                    AdsClient _ = Planes.sidecar(first, "one", CONTENT)) {
                says(client, "rule", "active on 1 of 1 proxies");
                try (ControlPlane second = Planes.start(through(api, cord), "istiod-2", clock);
                        AdsClient _ = Planes.sidecar(second, "two", CONTENT)) {
                    says(client, "rule", "active on 2 of 2 proxies");
                    cord.cut();
                    clock.move(Duration.ofMinutes(2));
                    says(client, "rule", "active on 1 of 1 proxies");
                }
            }
        }
    }

    /** A client whose way to the API can be cut. */
    private static Supplier<KubernetesClient> through(LocalApi api, Cord cord) {
        return () -> Planes.client(api.kubeconfig().replace(api.address(), "https://127.0.0.1:" + cord.port()));
    }

    private static void says(KubernetesClient client, String name, String message) throws Exception {
        Eventually.await(name + " says " + message, () -> message.equals(message(client, name, "Active")));
    }

    private static Object message(KubernetesClient client, String name, String reason) throws Exception {
        return Planes.condition(client, name, reason).getOrDefault("message", "");
    }
}
