package dev.lateen.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The JVM inside the cluster's namespaces. Started by {@link LocalCluster}, stopped by SIGTERM. */
public final class ClusterMain {
    private static final Logger LOG = LoggerFactory.getLogger(ClusterMain.class);

    private ClusterMain() {}

    /** {@code --name N --directory DIR --lateen-home DIR --restart-limit SECONDS [--images FILE]...} */
    public static void main(String[] args) throws IOException {
        String name = "";
        Path directory = Path.of(".");
        Path home = Path.of(".");
        Duration restartLimit = Duration.ofSeconds(1);
        List<Path> images = new ArrayList<>();
        for (int i = 0; i + 1 < args.length; i += 2) {
            switch (args[i]) {
                case "--name" -> name = args[i + 1];
                case "--directory" -> directory = Path.of(args[i + 1]);
                case "--lateen-home" -> home = Path.of(args[i + 1]);
                case "--restart-limit" -> restartLimit = Duration.ofSeconds(Long.parseLong(args[i + 1]));
                case "--images" -> images.add(Path.of(args[i + 1]));
                default -> throw new IllegalArgumentException("unknown argument " + args[i]);
            }
        }
        var stop = new CountDownLatch(1);
        try {
            var cluster = ClusterParts.start(name, directory, home, images, restartLimit);
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                stop.countDown();
                cluster.close();
            }));
            Path fresh = directory.resolve("ready.new");
            Files.writeString(fresh, cluster.server() + "\n");
            Files.move(fresh, directory.resolve("ready"));
            LOG.info("Cluster {} is ready at {}", name, cluster.server());
            stop.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) {
            LOG.error("Cluster {} cannot start", name, e);
            Files.writeString(directory.resolve("problem"), e.getMessage() + "\n");
            Runtime.getRuntime().halt(1);
        }
    }
}
