package dev.lateen.demo;

import java.io.IOException;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Everything goes, and nothing of it stays. */
final class CleanUp implements Chapter {
    private final Cluster cluster;

    CleanUp(Cluster cluster) {
        this.cluster = cluster;
    }

    @Override
    public String name() {
        return "clean-up";
    }

    @Override
    public String title() {
        return "Clean up";
    }

    @Override
    public void walk(Walk walk) throws IOException, InterruptedException, ChapterException {
        walk.scenery().needMesh(walk);
        walk.run(Deviation.NOT_FOUND, "kubectl delete -f . --ignore-not-found");
        walk.run(Deviation.OUTSIDE, "kubectl delete namespace outside --ignore-not-found");
        walk.leaveOut(Deviation.INSTALL, "helm delete istio --purge");
        walk.run(Deviation.INSTALL, "lateen uninstall");
        Set<String> before = walk.scenery().before().lines().collect(Collectors.toCollection(TreeSet::new));
        Set<String> after = Scenery.inventory(walk).lines().collect(Collectors.toCollection(TreeSet::new));
        Set<String> more = new TreeSet<>(after);
        more.removeAll(before);
        Set<String> less = new TreeSet<>(before);
        less.removeAll(after);
        walk.claim(
                "the cluster has the objects that it had before",
                more.isEmpty() && less.isEmpty(),
                "more: " + more + ", less: " + less);
        walk.scenery().cleared();
        cluster.stop(walk);
    }
}
