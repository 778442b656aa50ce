package dev.lateen.proxycore;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.balance.Pick;
import dev.lateen.proxycore.cluster.CompiledCluster;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.route.RouteTable;
import java.lang.management.ManagementFactory;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * What a request costs here: decisions allocate nothing. {@link #main} prints times.
 */
class HotPathTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final Random random = new Random(1);

    private static RouteTable manyHosts() throws CompileException {
        StringBuilder text = new StringBuilder("name: '80' ");
        for (int i = 0; i < 1000; i++) {
            String host = "service-" + i + ".default.svc.cluster.local";
            text.append("virtual_hosts { name: '")
                    .append(host)
                    .append("' domains: '")
                    .append(host)
                    .append("' ");
            text.append("routes { match { prefix: '/' headers { name: 'end-user' string_match { exact: 'jason' } } }"
                    + " route { cluster: 'v2' } } ");
            text.append(
                    "routes { match { prefix: '/api' } route { weighted_clusters {"
                            + " clusters { name: 'v1' weight { value: 90 } } clusters { name: 'v2' weight { value: 10 } } } } } }");
        }
        return RouteTable.of(TextProto.routes(text.toString()));
    }

    private static LiveCluster sixHosts(String policy) throws CompileException {
        StringBuilder text = new StringBuilder("name: 'c' lb_policy: " + policy + " load_assignment { endpoints { ");
        for (int i = 1; i <= 6; i++) {
            text.append("lb_endpoints { endpoint { address { socket_address { address: '10.0.0." + i
                    + "' port_value: 80 } } } } ");
        }
        return LiveCluster.of(CompiledCluster.of(TextProto.cluster(text + "} }")), new Random(1));
    }

    private static RequestHead request() {
        return RequestHead.of("GET", "service-500.default.svc.cluster.local", "/api/v1/things?page=2")
                .with("User-Agent", "curl/8.5.0")
                .with("Accept", "*/*")
                .with("X-Request-Id", "6f1c9d3a-0000-4000-8000-000000000000")
                .with("X-Forwarded-Proto", "http");
    }

    private interface Work {
        void run() throws Exception;
    }

    /** Bytes per run, the smallest of several measurements: other allocations of the thread would only add. */
    private static long allocated(Work work) throws Exception {
        for (int i = 0; i < 2_000; i++) {
            work.run();
        }
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 5; round++) {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 1_000; i++) {
                work.run();
            }
            least = Math.min(least, (THREADS.getCurrentThreadAllocatedBytes() - before) / 1_000);
        }
        return least;
    }

    @Test
    void aRoute_isDecidedWithoutAllocation() throws Exception {
        RouteTable table = manyHosts();
        RequestHead head = request();
        assertThat(allocated(() -> table.decide(head, random, Trace.NONE))).isZero();
    }

    @Test
    void aHost_isChosenWithoutAllocation() throws Exception {
        for (String policy : new String[] {"ROUND_ROBIN", "LEAST_REQUEST", "RANDOM", "RING_HASH", "MAGLEV"}) {
            LiveCluster cluster = sixHosts(policy);
            Pick pick = new Pick(random).hash(policy.endsWith("H") ? 42 : 0);
            assertThat(allocated(() -> cluster.balancer().pick(pick)))
                    .as(policy)
                    .isZero();
        }
    }

    @Test
    void aField_isFoundWithoutAllocation() throws Exception {
        RequestHead head = request();
        assertThat(allocated(() -> {
                    head.fields().find(dev.lateen.proxycore.head.FieldName.X_REQUEST_ID);
                    head.fields().contains(dev.lateen.proxycore.head.FieldName.X_ENVOY_RETRY_ON);
                }))
                .isZero();
    }

    /** Prints nanoseconds per decision. */
    public static void main(String[] args) throws Exception {
        RouteTable table = manyHosts();
        RequestHead head = request();
        Random random = new Random(1);
        time("route among 1,000 hosts", () -> table.decide(head, random, Trace.NONE));
        for (String policy : new String[] {"ROUND_ROBIN", "LEAST_REQUEST", "RANDOM", "RING_HASH", "MAGLEV"}) {
            LiveCluster cluster = sixHosts(policy);
            Pick pick = new Pick(random).hash(42);
            time("host by " + policy, () -> cluster.balancer().pick(pick));
        }
    }

    private static void time(String what, Work work) throws Exception {
        double best = Double.MAX_VALUE;
        for (int round = 0; round < 6; round++) {
            long start = System.nanoTime();
            for (int i = 0; i < 500_000; i++) {
                work.run();
            }
            best = Math.min(best, (System.nanoTime() - start) / 500_000.0);
        }
        System.out.printf("%-28s %6.1f ns%n", what, best);
    }
}
