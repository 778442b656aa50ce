package dev.lateen.control.keys;

import dev.lateen.config.security.KeyLocation;
import dev.lateen.mesh.security.FetchedKeys;
import java.io.IOException;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches the keys that rules name, and fetches them again: each location by itself, so that a slow one holds up no other.
 * What came last stays in force while a server is away. Thread-safe.
 */
public final class IssuerKeys implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(IssuerKeys.class);

    private final KeyServer server;
    private final Consumer<FetchedKeys> changed;
    private final InstantSource clock;
    private final DoubleSupplier random;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition news = lock.newCondition();
    private final Map<KeyLocation, Fetching> known = new HashMap<>();
    private final Set<KeyLocation> running = new HashSet<>();
    private final List<CompletableFuture<Void>> waiting = new ArrayList<>();
    private Map<KeyLocation, Duration> wanted = Map.of();
    private FetchedKeys told = FetchedKeys.NONE;
    private @Nullable Thread thread;

    /** @param random from 0 to 1 */
    IssuerKeys(KeyServer server, Consumer<FetchedKeys> changed, InstantSource clock, DoubleSupplier random) {
        this.server = server;
        this.changed = changed;
        this.clock = clock;
        this.random = random;
    }

    /**
     * Starts, over HTTP.
     *
     * @param changed gets all keys whenever some of them have changed; must return at once
     */
    public static IssuerKeys start(Consumer<FetchedKeys> changed) {
        SSLContext tls;
        try {
            tls = SSLContext.getDefault();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has TLS", e);
        }
        SecureRandom random = new SecureRandom();
        IssuerKeys keys = new IssuerKeys(
                new HttpKeyServer(tls, HttpKeyServer::isElsewhere), changed, Clock.systemUTC(), random::nextDouble);
        keys.thread = Thread.ofVirtual().name("issuer-keys").start(keys::run);
        return keys;
    }

    /**
     * From now on these are wanted, and no others. Returns at once.
     *
     * @param locations with how long fetching may take
     */
    public void want(Map<KeyLocation, Duration> locations) {
        lock.lock();
        try {
            wanted = Map.copyOf(locations);
            known.keySet().retainAll(wanted.keySet());
            Instant now = clock.instant();
            wanted.keySet().forEach(location -> known.computeIfAbsent(location, _ -> Fetching.at(now)));
            tell();
            release();
            news.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Completes when every location that is wanted now was tried once. */
    public CompletableFuture<Void> tried() {
        lock.lock();
        try {
            CompletableFuture<Void> done = new CompletableFuture<>();
            waiting.add(done);
            release();
            return done;
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        try {
            while (true) {
                begin();
                lock.lock();
                try {
                    Duration wait = untilNext();
                    if (wait.isPositive()) {
                        var _ = news.await(wait.toMillis(), TimeUnit.MILLISECONDS);
                    }
                } finally {
                    lock.unlock();
                }
            }
        } catch (InterruptedException e) {
            // Closed.
            Thread.currentThread().interrupt();
        }
    }

    private Duration untilNext() {
        Instant now = clock.instant();
        Instant next = now.plus(Fetching.REFRESH);
        for (Map.Entry<KeyLocation, Fetching> entry : known.entrySet()) {
            Instant due = entry.getValue().due();
            next = !running.contains(entry.getKey()) && due.isBefore(next) ? due : next;
        }
        // At least a millisecond, lest a clock that lags behind makes this a busy loop.
        return next.isAfter(now) ? Duration.between(now, next).plusMillis(1) : Duration.ZERO;
    }

    /** Begins with all that is due, and returns the threads that do it. */
    List<Thread> begin() {
        List<Thread> threads = new ArrayList<>();
        lock.lock();
        try {
            Instant now = clock.instant();
            wanted.forEach((location, timeout) -> {
                Fetching state = known.get(location);
                if (state != null && !state.due().isAfter(now) && running.add(location)) {
                    threads.add(Thread.ofVirtual().name("keys " + location).start(() -> fetch(location, timeout)));
                }
            });
        } finally {
            lock.unlock();
        }
        return threads;
    }

    private void fetch(KeyLocation location, Duration timeout) {
        String keys = "";
        String failure = "";
        try {
            keys = server.fetch(location, timeout);
        } catch (IOException e) {
            failure = String.valueOf(e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            failure = "stopped";
        } catch (RuntimeException e) {
            log.error("Fetching {} failed", location, e);
            failure = location + " failed: " + e;
        }
        lock.lock();
        try {
            running.remove(location);
            Fetching before = known.get(location);
            if (before != null) {
                Instant now = clock.instant();
                Fetching after = failure.isEmpty()
                        ? before.succeeded(keys, now, random.getAsDouble())
                        : before.failed(failure, now, random.getAsDouble());
                known.put(location, after);
                log(location, before, after);
                tell();
            }
            release();
            news.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private static void log(KeyLocation location, Fetching before, Fetching after) {
        if (!after.failure().isEmpty() && !after.failure().equals(before.failure())) {
            log.warn("Keys of tokens: {}", after.state().failure());
        } else if (after.failure().isEmpty() && !before.failure().isEmpty()) {
            log.info("Keys of tokens: {} gives them again", location);
        } else if (!after.keys().equals(before.keys()) && before.since() != null) {
            log.info("Keys of tokens: {} gives others than before", location);
        }
    }

    private void tell() {
        Map<KeyLocation, FetchedKeys.State> states = new HashMap<>();
        known.forEach((location, fetching) -> {
            if (fetching.isTried()) {
                states.put(location, fetching.state());
            }
        });
        FetchedKeys now = new FetchedKeys(states);
        if (!now.equals(told)) {
            told = now;
            changed.accept(now);
        }
    }

    private void release() {
        if (known.values().stream().allMatch(Fetching::isTried)) {
            waiting.forEach(done -> done.complete(null));
            waiting.clear();
        }
    }

    @Override
    public void close() {
        if (thread != null) {
            thread.interrupt();
        }
        server.close();
    }
}
