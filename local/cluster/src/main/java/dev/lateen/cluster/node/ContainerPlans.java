package dev.lateen.cluster.node;

import dev.lateen.cluster.image.Image;
import io.fabric8.kubernetes.api.model.Capabilities;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.VolumeMount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Makes the plan of a container from its specification and its image. */
final class ContainerPlans {
    private static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private final Pod pod;
    private final Volumes volumes;
    private final Environment environment;
    private final boolean otherUsers;

    ContainerPlans(Pod pod, Volumes volumes, Environment environment, boolean otherUsers) {
        this.pod = pod;
        this.volumes = volumes;
        this.environment = environment;
        this.otherUsers = otherUsers;
    }

    ContainerPlan of(Container container, Image image) throws ConfigurationException, IOException {
        Map<String, String> base = new LinkedHashMap<>();
        base.put("PATH", System.getProperty("java.home") + "/bin:" + PATH);
        base.put("HOME", "/root");
        String hostname = pod.getSpec().getHostname();
        base.put("HOSTNAME", hostname == null ? pod.getMetadata().getName() : hostname);
        if (!otherUsers) {
            // A tar that unpacks as root (kubectl cp) would give files to users that do not exist here.
            base.put("TAR_OPTIONS", "--no-same-owner");
        }
        base.putAll(image.env());
        if (Boolean.TRUE.equals(container.getTty())) {
            base.put("TERM", "xterm");
        }
        Map<String, String> env = environment.of(container, base);
        List<String> command = new ArrayList<>();
        boolean own = !container.getCommand().isEmpty();
        command.addAll(own ? Environment.expand(container.getCommand(), env) : image.command());
        if (!container.getArgs().isEmpty()) {
            command.addAll(Environment.expand(container.getArgs(), env));
        } else if (!own) {
            command.addAll(image.args());
        }
        List<ContainerPlan.Mount> mounts = new ArrayList<>();
        image.mounts().forEach(path -> mounts.add(new ContainerPlan.Mount(path, path.toString(), true)));
        for (VolumeMount mount : container.getVolumeMounts()) {
            mounts.add(mount(mount, env));
        }
        String directory = container.getWorkingDir();
        return new ContainerPlan(
                command,
                env,
                directory == null || directory.isEmpty() ? image.workingDir() : directory,
                mounts,
                otherUsers ? user(container) : null,
                otherUsers ? group(container) : null,
                capabilities(container),
                Boolean.TRUE.equals(container.getStdin()),
                Boolean.TRUE.equals(container.getTty()));
    }

    private ContainerPlan.Mount mount(VolumeMount mount, Map<String, String> env)
            throws ConfigurationException, IOException {
        Path source = volumes.path(mount.getName());
        if (source == null) {
            throw new ConfigurationException("volumeMounts names no volume of the pod: " + mount.getName());
        }
        String sub =
                mount.getSubPathExpr() != null ? Environment.expand(mount.getSubPathExpr(), env) : mount.getSubPath();
        if (sub != null && !sub.isEmpty()) {
            Path inside = source.resolve(sub).normalize();
            if (!inside.startsWith(source)) {
                throw new ConfigurationException("subPath leaves its volume: " + sub);
            }
            if (!Files.exists(inside)) {
                Files.createDirectories(inside);
            }
            source = inside.toRealPath();
        }
        return new ContainerPlan.Mount(source, mount.getMountPath(), Boolean.TRUE.equals(mount.getReadOnly()));
    }

    /** The user that the specification asks for, whether or not this node can give it. */
    @Nullable
    Long user(Container container) {
        var own = container.getSecurityContext();
        if (own != null && own.getRunAsUser() != null) {
            return own.getRunAsUser();
        }
        var shared = pod.getSpec().getSecurityContext();
        return shared == null ? null : shared.getRunAsUser();
    }

    private @Nullable Long group(Container container) {
        var own = container.getSecurityContext();
        if (own != null && own.getRunAsGroup() != null) {
            return own.getRunAsGroup();
        }
        var shared = pod.getSpec().getSecurityContext();
        return shared == null ? null : shared.getRunAsGroup();
    }

    private static List<String> capabilities(Container container) {
        Capabilities capabilities = container.getSecurityContext() == null
                ? null
                : container.getSecurityContext().getCapabilities();
        if (capabilities == null || capabilities.getAdd() == null) {
            return List.of();
        }
        return capabilities.getAdd().stream()
                .map(name -> name.toLowerCase(Locale.ROOT))
                .map(name -> name.startsWith("cap_") ? name.substring(4) : name)
                .filter(name -> !name.equals("all"))
                .toList();
    }
}
