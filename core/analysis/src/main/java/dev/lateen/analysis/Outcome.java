package dev.lateen.analysis;

import dev.lateen.proxycore.Fault;
import dev.lateen.proxycore.filter.FaultInjection;
import dev.lateen.proxycore.retry.RetryPolicy;
import dev.lateen.proxycore.route.ForwardPolicy.Destination;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What becomes of a pretended request at the first proxy. */
public sealed interface Outcome {
    /**
     * It goes to a cluster.
     *
     * @param cluster name of the cluster that the draw gave
     * @param destinations all clusters that it could have gone to, with their weights
     * @param timeout for the whole request; zero means without limit
     * @param retries when a try is made again
     * @param mirrors clusters that get a copy, at least sometimes
     * @param injection faults that the route makes, or null
     * @param method as the app receives it, like the next two
     * @param authority with what rewrites made of it
     * @param path with what rewrites made of it
     * @param headers added, changed and kept fields, one {@code name: value} each
     * @param endpoint the address that the balancer would take now, or null when {@code fault} says why there is none
     * @param endpoints all usable addresses
     * @param fault why it fails after all, or null
     */
    record Forwarded(
            String cluster,
            List<Destination> destinations,
            Duration timeout,
            RetryPolicy retries,
            List<String> mirrors,
            @Nullable FaultInjection injection,
            String method,
            String authority,
            String path,
            List<String> headers,
            @Nullable String endpoint,
            List<String> endpoints,
            @Nullable Fault fault)
            implements Outcome {
        public Forwarded {
            destinations = List.copyOf(destinations);
            mirrors = List.copyOf(mirrors);
            headers = List.copyOf(headers);
            endpoints = List.copyOf(endpoints);
        }

        /** How many percent of such requests go to this cluster. */
        public double percent(String name) {
            int sum = destinations.stream().mapToInt(Destination::weight).sum();
            int its = destinations.stream()
                    .filter(destination -> destination.cluster().equals(name))
                    .mapToInt(Destination::weight)
                    .sum();
            return sum == 0 ? 0 : 100.0 * its / sum;
        }

        @Override
        public String toString() {
            return (fault == null ? "goes to " : "fails with " + fault.status() + " on its way to ")
                    + cluster
                    + (endpoint == null ? "" : " at " + endpoint);
        }
    }

    /** The proxy answers by itself. */
    record Answered(int status, String body) implements Outcome {
        @Override
        public String toString() {
            return "is answered by the proxy: " + status + (body.isBlank() ? "" : " " + body.strip());
        }
    }

    /** The client is sent elsewhere. */
    record Redirected(int status, String location) implements Outcome {
        @Override
        public String toString() {
            return "is redirected: " + status + " to " + location;
        }
    }

    /** Bytes are passed on without a look at HTTP. */
    record Passed(
            String cluster,
            @Nullable String endpoint,
            @Nullable Fault fault) implements Outcome {
        @Override
        public String toString() {
            return "passes as bytes to " + cluster + (endpoint == null ? "" : " at " + endpoint);
        }
    }

    /** It fails at the proxy. */
    record Failed(Fault fault) implements Outcome {
        @Override
        public String toString() {
            return "fails: " + (fault.status() == 0 ? "connection closed" : String.valueOf(fault.status())) + " "
                    + fault.flag() + ": " + fault.advice();
        }
    }
}
