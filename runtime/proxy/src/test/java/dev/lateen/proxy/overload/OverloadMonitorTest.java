package dev.lateen.proxy.overload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.proxy.TestMesh;
import dev.lateen.proxycore.overload.Resource;
import dev.lateen.proxycore.overload.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OverloadMonitorTest {
    private final ForcedResources process = new ForcedResources(10);
    private final OverloadMonitor monitor = new OverloadMonitor(process);

    private void look(long seconds) {
        monitor.look(TimeUnit.SECONDS.toNanos(seconds));
    }

    /** Each step: seconds, percent of the heap taken, percent in use after the last collection, collections asked for so far. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
        there is room                                 | 0/50/10/0 100/89/10/0
        it fills, with what may be garbage            | 0/90/10/1 9/95/10/1 10/95/10/2
        it is full, and nothing asks for memory       | 0/92/92/1 5/92/92/1 10/92/92/2 20/92/92/3
        it was full, and a collection shows otherwise | 0/92/92/1 10/70/70/1 20/70/70/1
        """)
    void aCollectionIsAskedFor_whereItWouldTellMore_butRarely(String name, String steps) {
        for (String step : steps.trim().split(" ")) {
            List<Integer> numbers = new ArrayList<>();
            for (String number : step.split("/")) {
                numbers.add(Integer.parseInt(number));
            }
            process.taken = numbers.get(1);
            process.use(Resource.HEAP, numbers.get(2));
            look(numbers.get(0));
            TestMesh.await(name + " at " + step, () -> process.collections.get() == numbers.get(3));
        }
    }

    @Test
    void saysWhatIsScarce_andNothingWhenItIsNot() {
        look(0);
        assertThat(monitor.noRequests()).isNull();
        process.use(Resource.BUFFERS, 93);
        look(1);
        assertThat(monitor.noRequests()).isEqualTo(Resource.BUFFERS);
        process.use(Resource.BUFFERS, 10);
        look(2);
        assertThat(monitor.noRequests()).isNull();
    }

    @Test
    void theMetricsSayWhy() {
        process.use(Resource.HEAP, 91);
        look(0);
        monitor.requestRefused(Resource.HEAP);
        monitor.requestRefused(Resource.HEAP);
        assertThat(monitor.metrics().lines().filter(line -> !line.startsWith("#")))
                .containsExactly(
                        "lateen_overload_usage_ratio{resource=\"heap\"} 0.91",
                        "lateen_overload_usage_ratio{resource=\"buffers\"} 0.0",
                        "lateen_overload_active{action=\"reset_stalled_streams\"} 1",
                        "lateen_overload_active{action=\"stop_accepting_requests\"} 1",
                        "lateen_overload_active{action=\"stop_accepting_connections\"} 0",
                        "lateen_overload_streams_reset_total 0",
                        "lateen_overload_requests_refused_total{resource=\"heap\"} 2",
                        "lateen_overload_requests_refused_total{resource=\"buffers\"} 0",
                        "lateen_overload_connections_refused_total{resource=\"heap\"} 0",
                        "lateen_overload_connections_refused_total{resource=\"buffers\"} 0",
                        "lateen_overload_connections_refused_total{resource=\"connections\"} 0",
                        "lateen_http2_floods_total 0",
                        "lateen_http2_answers_unsent_total 0",
                        "lateen_downstream_connections 0",
                        "lateen_downstream_connections_limit 10");
    }

    /** Of a real JVM: what must hold for any. */
    @Test
    void theReadingsOfThisProcess_areWithinItsLimits() {
        ProcessResources own = ProcessResources.own();
        own.collect();
        for (Resource resource : Resource.values()) {
            Usage usage = own.usage(resource);
            assertThat(usage.limit()).as(resource + " limit").isPositive();
            assertThat(usage.used()).as(resource + " used").isBetween(0L, usage.limit());
        }
        assertThat(own.usage(Resource.HEAP).used()).as("what a collection left").isPositive();
        assertThat(own.heapTaken().used()).isPositive();
        assertThat(own.connections()).isGreaterThanOrEqualTo(64);
    }
}
