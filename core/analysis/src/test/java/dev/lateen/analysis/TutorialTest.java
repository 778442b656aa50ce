package dev.lateen.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.Problem;
import dev.lateen.mesh.ProxyNode;
import dev.lateen.mesh.Snapshot;
import dev.lateen.proxycore.route.ForwardPolicy.Destination;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The tutorial's manifests, asked what their chapters claim. */
class TutorialTest {
    private static final Path TUTORIAL = Path.of("../../tutorial");
    private static final List<String> APPS = List.of("client", "retryBackend", "canary", "sniffer", "siege");

    private static Snapshot mesh(String... rules) throws IOException {
        Manifests manifests = new Manifests("default");
        for (String name : APPS) {
            add(manifests, name);
        }
        for (String name : rules) {
            add(manifests, name);
        }
        Manifests.Read read = manifests.read();
        assertThat(read.problems()).filteredOn(Problem::isError).isEmpty();
        return read.snapshot();
    }

    private static void add(Manifests manifests, String name) throws IOException {
        manifests.add(name + ".yaml", Files.readString(TUTORIAL.resolve(name + ".yaml")));
    }

    private static Outcome.Forwarded ask(Snapshot snapshot, PretendRequest request) {
        ProxyNode client = Caller.sidecar(snapshot, "client", "default");
        Explanation explanation = Explain.request(snapshot, client, request, new Random(1));
        assertThat(explanation.notes()).as("%s", explanation).isEmpty();
        assertThat(explanation.outcome()).as("%s", explanation).isInstanceOf(Outcome.Forwarded.class);
        return (Outcome.Forwarded) explanation.outcome();
    }

    private static String shares(Outcome.Forwarded forwarded) {
        return forwarded.destinations().stream()
                .map((Destination destination) -> Names.subset(destination.cluster()) + "=" + destination.weight())
                .collect(Collectors.joining(" "));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''                  | retry-service | =1       | 3",
                "retryVirtualService | retry-service | =1       | 3",
                "copyVirtualService  | retry-service | =1       | 3",
                "''                  | myweb-service | =1       | 6",
                "canary10percent     | myweb-service | v1=90 v2=10 | 3",
                "lbRoundRobin        | myweb-service | =1       | 6",
                "lbRandom            | myweb-service | =1       | 6",
                "lbHeaderHash        | myweb-service | =1       | 6",
                "policyConnections   | myweb-service | =1       | 6",
            })
    void everyChaptersRules_leadWhereTheyShould(String rule, String host, String shares, int endpoints)
            throws IOException {
        Snapshot snapshot = rule.isEmpty() ? mesh() : mesh(rule);
        Outcome.Forwarded forwarded = ask(snapshot, PretendRequest.of("GET", "http://" + host + "/"));
        assertThat(shares(forwarded)).isEqualTo(shares);
        assertThat(forwarded.endpoints()).hasSize(endpoints);
        assertThat(forwarded.fault()).isNull();
    }

    @Test
    void retries_areThirtyTriesOfASecond_andCopiesGoToTheSniffer() throws IOException {
        for (String rule : List.of("retryVirtualService", "copyVirtualService")) {
            Outcome.Forwarded forwarded = ask(mesh(rule), PretendRequest.of("GET", "http://retry-service/"));
            assertThat(forwarded.retries().retries()).as(rule).isEqualTo(30);
            assertThat(forwarded.retries().perTryTimeout()).hasSeconds(1);
            assertThat(forwarded.timeout()).hasSeconds(30);
            assertThat(forwarded.mirrors()).hasSize(rule.startsWith("copy") ? 1 : 0);
        }
    }

    @Test
    void theCookie_decidesTheVersion() throws IOException {
        Snapshot snapshot = mesh("canaryCookie");
        PretendRequest request = PretendRequest.of("GET", "http://myweb-service/");
        assertThat(shares(ask(snapshot, request))).isEqualTo("v1=1");
        assertThat(shares(ask(snapshot, request.header("Cookie", "x=y; usertype=tester"))))
                .isEqualTo("v2=1");
    }

    @Test
    void aHeader_decidesThePod() throws IOException {
        Snapshot snapshot = mesh("lbHeaderHash");
        PretendRequest request = PretendRequest.of("GET", "http://myweb-service/");
        long pods = java.util.stream.IntStream.range(0, 100)
                .mapToObj(user ->
                        ask(snapshot, request.header("User", "user" + user)).endpoint())
                .distinct()
                .count();
        assertThat(pods).isEqualTo(6);
        assertThat(ask(snapshot, request.header("User", "me")).endpoint())
                .isEqualTo(ask(snapshot, request.header("User", "me")).endpoint());
    }

    @Test
    void gatewayAndServiceEntry_areTakenByAProxy() throws IOException {
        Snapshot snapshot = mesh("gateway", "serviceEntry", "policyConnections");
        ProxyNode gateway = Caller.gateway(snapshot, Map.of("istio", "ingressgateway"), "istio-system");
        Explanation explanation =
                Explain.request(snapshot, gateway, PretendRequest.of("GET", "http://unknown.example/"), new Random(1));
        assertThat(explanation.notes()).isEmpty();
        assertThat(explanation.outcome()).isInstanceOf(Outcome.Failed.class);
    }
}
