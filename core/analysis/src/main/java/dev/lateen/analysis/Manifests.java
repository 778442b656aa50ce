package dev.lateen.analysis;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.ConfigReader;
import dev.lateen.config.KubernetesReader;
import dev.lateen.config.MeshConfig;
import dev.lateen.config.ObjectName;
import dev.lateen.config.Origin;
import dev.lateen.config.Problem;
import dev.lateen.config.RawObject;
import dev.lateen.config.ReadResult;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.Validation;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A mesh out of manifests alone, without any cluster: custom kinds, Services, workloads, and the ConfigMap {@code
 * istio} with the mesh's settings. What a cluster would add is made up: pods of workloads, their addresses and those of
 * Services, endpoints. Other kinds do not touch the mesh and are passed over.
 */
public final class Manifests {
    private final ConfigReader reader;
    private final List<Problem> problems = new ArrayList<>();
    private final Map<ObjectName, Origin> written = new HashMap<>();
    private final MadeUpCluster cluster = new MadeUpCluster();
    private final Snapshot.Change change = Snapshot.empty().change();

    /** Manifests whose objects without a namespace are in this one. */
    public Manifests(String defaultNamespace) {
        reader = new ConfigReader(defaultNamespace);
    }

    /**
     * What the manifests say.
     *
     * @param problems errors and warnings; an object with an error is left out, the others are there
     */
    public record Read(Snapshot snapshot, List<Problem> problems) {
        public Read {
            problems = List.copyOf(problems);
        }
    }

    /** Adds the documents of a text. */
    public Manifests add(String file, String yaml) {
        ReadResult result = reader.readText(file, yaml);
        problems.addAll(result.problems());
        result.objects().forEach(this::put);
        for (RawObject object : result.others()) {
            add(object);
        }
        return this;
    }

    /** Adds an object as the Kubernetes API gave it. */
    public Manifests addApiObject(String json) {
        ReadResult result = reader.readApiObject(json);
        problems.addAll(result.problems());
        result.objects().forEach(this::put);
        result.others().forEach(this::add);
        return this;
    }

    private void put(ConfigObject<?> object) {
        Origin before = written.put(object.objectName(), object.origin());
        if (before instanceof Origin.File file && object.origin() instanceof Origin.File) {
            problems.add(Problem.warning(
                    object.origin(),
                    "metadata.name",
                    object.objectName() + " is written at " + file.at() + " too: the one applied last counts"));
        }
        change.put(object);
    }

    private void add(RawObject object) {
        switch (object.name().kind()) {
            case "Service" -> as(object, Service.class, cluster::add);
            case "EndpointSlice" -> as(object, EndpointSlice.class, cluster::add);
            case "Pod" -> as(object, Pod.class, cluster::add);
            case "Namespace" -> as(object, Namespace.class, change::put);
            case "Node" -> as(object, Node.class, change::put);
            case "Deployment" ->
                as(
                        object,
                        Deployment.class,
                        workload -> cluster.add(
                                workload,
                                workload.getSpec().getTemplate(),
                                workload.getSpec().getReplicas()));
            case "StatefulSet" ->
                as(
                        object,
                        StatefulSet.class,
                        workload -> cluster.add(
                                workload,
                                workload.getSpec().getTemplate(),
                                workload.getSpec().getReplicas()));
            case "ReplicaSet" ->
                as(
                        object,
                        ReplicaSet.class,
                        workload -> cluster.add(
                                workload,
                                workload.getSpec().getTemplate(),
                                workload.getSpec().getReplicas()));
            case "DaemonSet" ->
                as(
                        object,
                        DaemonSet.class,
                        workload -> cluster.add(workload, workload.getSpec().getTemplate(), 1));
            case "ConfigMap" ->
                as(object, ConfigMap.class, map -> {
                    settings(map, object.origin());
                    change.put(map);
                });
            default -> {}
        }
    }

    private <T extends HasMetadata> void as(RawObject object, Class<T> type, Consumer<T> use) {
        @Nullable T read = KubernetesReader.read(object, type, problems::add);
        if (read != null) {
            use.accept(read);
        }
    }

    private void settings(ConfigMap map, Origin origin) {
        String mesh = map.getData() == null ? null : map.getData().get("mesh");
        if (map.getMetadata().getName().equals("istio") && mesh != null) {
            MeshConfig.Read read = MeshConfig.read(origin.at("data.mesh"), mesh);
            problems.addAll(read.problems());
            change.mesh(read.config());
        }
    }

    /** The mesh of all that was added. */
    public Read read() {
        cluster.putAll(change);
        Snapshot snapshot = change.apply();
        List<Problem> all = new ArrayList<>(problems);
        all.addAll(snapshot.problems());
        return new Read(snapshot, all);
    }

    /**
     * All problems: of each object, and among them.
     *
     * @param complete nothing of the mesh is missing here, so that a name without an object is an error
     */
    public List<Problem> check(boolean complete) {
        Read read = read();
        Set<Problem> all = new LinkedHashSet<>(read.problems());
        all.addAll(Validation.check(read.snapshot(), complete));
        return List.copyOf(all);
    }
}
