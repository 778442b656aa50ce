package dev.lateen.control.source;

import dev.lateen.config.ConfigReader;
import dev.lateen.config.Kind;
import dev.lateen.config.Kinds;
import dev.lateen.config.ObjectName;
import dev.lateen.config.ReadResult;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinitionVersion;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The custom kinds of a cluster: watches each kind from the moment its definition is established until the definition is
 * gone, and reads the objects.
 */
final class CustomKinds {
    private static final Logger log = LoggerFactory.getLogger(CustomKinds.class);

    private final KubernetesClient client;
    private final Map<Kind<?>, Watched> watched = new HashMap<>();
    private final List<CompletableFuture<Void>> starting = new ArrayList<>();
    private @Nullable SharedIndexInformer<CustomResourceDefinition> definitions;

    private record Watched(
            Kind<?> kind, SharedIndexInformer<GenericKubernetesResource> informer, Set<ObjectName> seen) {
        ObjectName name(GenericKubernetesResource object) {
            ObjectName plain = KubernetesSource.nameOf(object);
            return new ObjectName(kind.key(), plain.namespace(), plain.name());
        }
    }

    CustomKinds(KubernetesClient client) {
        this.client = client;
    }

    CompletableFuture<Void> start(ChangeSink sink) {
        SharedIndexInformer<CustomResourceDefinition> informer =
                client.apiextensions().v1().customResourceDefinitions().runnableInformer(0);
        definitions = informer;
        return KubernetesSource.run(
                        informer,
                        new KubernetesSource.Handler<>(
                                definition -> defined(definition, sink),
                                definition -> undefined(definition, sink),
                                event -> sink.told(true, "CustomResourceDefinition", event)))
                .thenCompose(nothing -> {
                    Kinds.all().stream()
                            .filter(kind -> !kind.isCustom())
                            .forEach(kind -> watch(kind, kind.versions().getFirst(), sink));
                    // The store is full now, but its events may still be on their way.
                    informer.getStore().list().forEach(definition -> defined(definition, sink));
                    synchronized (this) {
                        return CompletableFuture.allOf(starting.toArray(CompletableFuture[]::new));
                    }
                });
    }

    synchronized void close() {
        if (definitions != null) {
            definitions.stop();
        }
        watched.values().forEach(each -> each.informer().stop());
    }

    private synchronized void defined(CustomResourceDefinition definition, ChangeSink sink) {
        kind(definition).ifPresent(kind -> version(definition, kind).ifPresent(version -> watch(kind, version, sink)));
    }

    private synchronized void watch(Kind<?> kind, String version, ChangeSink sink) {
        if (watched.containsKey(kind)) {
            return;
        }
        log.info("Watching {} {}", kind.plural(), version);
        SharedIndexInformer<GenericKubernetesResource> informer = client.genericKubernetesResources(
                        new ResourceDefinitionContext.Builder()
                                .withGroup(kind.group())
                                .withVersion(version)
                                .withKind(kind.name())
                                .withPlural(kind.plural())
                                .withNamespaced(kind.isNamespaced())
                                .build())
                .inAnyNamespace()
                .runnableInformer(0);
        Watched each = new Watched(kind, informer, new HashSet<>());
        watched.put(kind, each);
        starting.add(KubernetesSource.run(
                informer,
                new KubernetesSource.Handler<>(
                        object -> read(object, each, sink),
                        object -> gone(object, each, sink),
                        event -> sink.told(true, kind.name(), event))));
    }

    private synchronized void undefined(CustomResourceDefinition definition, ChangeSink sink) {
        kind(definition).map(watched::remove).ifPresent(each -> {
            log.info(
                    "{} is gone, and its objects with it",
                    definition.getMetadata().getName());
            each.informer().stop();
            synchronized (each) {
                each.seen().forEach(name -> remove(name, sink));
                each.seen().clear();
            }
        });
    }

    private static void read(GenericKubernetesResource object, Watched watched, ChangeSink sink) {
        JsonNode tree = JsonMapper.shared().readTree(Serialization.asJson(object));
        ReadResult result = new ConfigReader().readApiObject(tree);
        ObjectName name = watched.name(object);
        synchronized (watched) {
            watched.seen().add(name);
        }
        Long generation = object.getMetadata().getGeneration();
        sink.read(name, generation == null ? 0 : generation, result.problems(), tree);
        // An object with an error keeps what it said when it was last right.
        result.objects().forEach(read -> sink.change(change -> change.put(read)));
    }

    private static void gone(GenericKubernetesResource object, Watched watched, ChangeSink sink) {
        ObjectName name = watched.name(object);
        synchronized (watched) {
            watched.seen().remove(name);
        }
        remove(name, sink);
    }

    private static void remove(ObjectName name, ChangeSink sink) {
        sink.problems(name, List.of());
        sink.change(change -> change.remove(name));
    }

    private static Optional<Kind<?>> kind(CustomResourceDefinition definition) {
        return Kinds.all().stream()
                .filter(kind -> kind.crdName().equals(definition.getMetadata().getName()))
                .findFirst()
                .map(kind -> kind);
    }

    /** The first version of ours that the cluster serves; empty while the definition is not established. */
    private static Optional<String> version(CustomResourceDefinition definition, Kind<?> kind) {
        boolean established = definition.getStatus() != null
                && definition.getStatus().getConditions().stream()
                        .anyMatch(condition ->
                                condition.getType().equals("Established") && "True".equals(condition.getStatus()));
        if (!established) {
            return Optional.empty();
        }
        List<String> served = definition.getSpec().getVersions().stream()
                .filter(CustomResourceDefinitionVersion::getServed)
                .map(CustomResourceDefinitionVersion::getName)
                .toList();
        return kind.versions().stream().filter(served::contains).findFirst();
    }
}
