package dev.lateen.control.secret;

import dev.lateen.config.ObjectName;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Objects of a cluster of one kind, of which only those are watched, each by its name, that rules name. Thread-safe. */
public final class NamedObjects<T extends HasMetadata> implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(NamedObjects.class);

    private final Function<ObjectName, SharedIndexInformer<T>> informer;
    private final BiConsumer<ObjectName, T> put;
    private final Consumer<ObjectName> gone;
    private final Map<ObjectName, SharedIndexInformer<T>> informers = new HashMap<>();
    private final List<CompletableFuture<Void>> starting = new ArrayList<>();

    /**
     * @param informer makes one for a single object, not started
     * @param put takes an object as it is now
     * @param gone takes the name of one that is not there any more
     */
    public NamedObjects(
            Function<ObjectName, SharedIndexInformer<T>> informer,
            BiConsumer<ObjectName, T> put,
            Consumer<ObjectName> gone) {
        this.informer = informer;
        this.put = put;
        this.gone = gone;
    }

    /** From now on these are wanted, and no others; those that were until now. Returns at once. */
    public synchronized Set<ObjectName> want(Set<ObjectName> names) {
        Set<ObjectName> unwanted = new HashSet<>(informers.keySet());
        unwanted.removeAll(names);
        for (ObjectName name : unwanted) {
            SharedIndexInformer<T> stopped = informers.remove(name);
            if (stopped != null) {
                stopped.stop();
            }
        }
        for (ObjectName name : names) {
            informers.computeIfAbsent(name, this::watch);
        }
        return unwanted;
    }

    /** Completes when every object that is wanted now was asked for once. */
    public synchronized CompletableFuture<Void> asked() {
        starting.removeIf(CompletableFuture::isDone);
        return CompletableFuture.allOf(starting.toArray(CompletableFuture[]::new));
    }

    private SharedIndexInformer<T> watch(ObjectName name) {
        SharedIndexInformer<T> made = informer.apply(name);
        made.addEventHandler(new ResourceEventHandler<>() {
            @Override
            public void onAdd(T object) {
                put.accept(name, object);
            }

            @Override
            public void onUpdate(T before, T object) {
                put.accept(name, object);
            }

            @Override
            public void onDelete(T object, boolean stateUnknown) {
                gone.accept(name);
            }
        });
        made.exceptionHandler((started, failure) -> {
            log.warn(
                    "{} {}/{} cannot be read, trying again: {}",
                    name.kind(),
                    name.namespace(),
                    name.name(),
                    failure.getMessage());
            return true;
        });
        starting.add(made.start().toCompletableFuture());
        return made;
    }

    @Override
    public synchronized void close() {
        informers.values().forEach(SharedIndexInformer::stop);
        informers.clear();
    }
}
