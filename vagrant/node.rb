# frozen_string_literal: true

require 'json'
require_relative 'failure'

module TheAPP
  # The Node.js that runs the provisioner, which `npm ci` installs in this folder.
  module Node
    def self.path(root = Approaches::ROOT)
      pinned = File.join(root, 'node_modules', 'node', 'bin', Gem.win_platform? ? 'node.exe' : 'node')
      return pinned if version(pinned)

      least = JSON.parse(File.read(File.join(root, 'package.json')))['engines']['node'][/[\d.]+/]
      raise Failure.new(*problem(version('node'), least))
    end

    # What is wrong, and what to do.
    def self.problem(found, least)
      later = 'then run npm ci and the same command again (or skip provisioning: --no-provision)'
      return ['Node.js is missing on this computer', "install Node.js #{least} or later, #{later}"] unless found
      return ['npm ci has not been run in this folder', "run npm ci and the same command again (or skip provisioning: --no-provision)"] if Gem::Version.new(found) >= Gem::Version.new(least)

      ["Node.js #{found} is too old: version #{least} or later is required", "install a newer version, #{later}"]
    end

    def self.version(program)
      ran = Vagrant::Util::Subprocess.execute(program, '--version')
      ran.stdout[/\Av(\d[\d.]*)/, 1] if ran.exit_code.zero?
    rescue Vagrant::Errors::CommandUnavailable, SystemCallError
      nil
    end

    private_class_method :problem, :version
  end
end
