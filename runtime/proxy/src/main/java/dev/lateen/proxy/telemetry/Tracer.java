package dev.lateen.proxy.telemetry;

import com.google.protobuf.Message;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.listener.HttpConnectionManager;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Decides which requests are recorded and gives each its place in its trace. What the caller decided holds; else the
 * shares of the connection manager (Envoy's documentation of {@code HttpConnectionManager.Tracing}). One event loop.
 */
final class Tracer {
    private static final FieldName FORCED = FieldName.of("x-envoy-force-trace");
    private static final FieldName CLIENT = FieldName.of("x-client-trace-id");
    private static final int PROVIDERS = 100;

    private final Map<Message, Optional<Collector>> collectors = new HashMap<>();

    /** A request's place in its trace, and whether and where it is recorded. */
    record Placed(
            TraceContext context, long parent, @Nullable Collector collector) {}

    /** Places a request, and tells whoever comes next. */
    Placed place(HttpConnectionManager.Tracing tracing, Fields fields, RandomGenerator random) {
        TraceContext caller = TraceContext.read(fields);
        Boolean decided = caller == null ? null : caller.sampled();
        boolean sampled = decided == null ? samples(tracing, fields, random) : decided;
        long parent = caller == null ? 0 : caller.span();
        TraceContext own = caller == null || parent == 0
                ? new TraceContext(id(random), id(random), id(random), sampled)
                : new TraceContext(caller.high(), caller.low(), id(random), sampled);
        own.write(fields, parent);
        Message provider = tracing.provider();
        return new Placed(own, parent, sampled && provider != null ? collector(provider) : null);
    }

    private static boolean samples(HttpConnectionManager.Tracing tracing, Fields fields, RandomGenerator random) {
        boolean wanted = fields.contains(FORCED)
                || (fields.contains(CLIENT) && in(tracing.clientSampling(), random))
                || in(tracing.randomSampling(), random);
        return wanted && in(tracing.overallSampling(), random);
    }

    private static boolean in(double percent, RandomGenerator random) {
        return percent >= 100 || (percent > 0 && random.nextDouble() * 100 < percent);
    }

    private static long id(RandomGenerator random) {
        long id;
        do {
            id = random.nextLong();
        } while (id == 0);
        return id;
    }

    private @Nullable Collector collector(Message provider) {
        Optional<Collector> known = collectors.get(provider);
        if (known == null) {
            if (collectors.size() >= PROVIDERS) {
                collectors.clear();
            }
            known = Optional.ofNullable(Collector.of(provider));
            collectors.put(provider, known);
        }
        return known.orElse(null);
    }
}
