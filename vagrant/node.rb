# frozen_string_literal: true

require 'json'
require_relative 'failure'

module TheAPP
  # The Node.js that runs the provisioner: the one that `npm ci` has put into this folder.
  module Node
    def self.path(root = Approaches::ROOT)
      pinned = File.join(root, 'node_modules', 'node', 'bin', Gem.win_platform? ? 'node.exe' : 'node')
      return pinned if version(pinned)

      least = JSON.parse(File.read(File.join(root, 'package.json')))['engines']['node'][/\d+/]
      raise Failure.new(*problem(version('node'), least))
    end

    # What is in the way, and what to do.
    def self.problem(found, least)
      later = 'then: npm ci, and the same command again (without provisioning: --no-provision)'
      return ['Node.js is missing on this computer', "install Node.js #{least} or later, #{later}"] unless found
      return ['npm ci has not been run in this folder', "npm ci, #{later.split(', ').last}"] if found.to_i >= least.to_i

      ["Node.js #{found} is too old: it takes #{least} or later", "install a newer one, #{later}"]
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
